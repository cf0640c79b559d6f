import { storeStatus } from '../report/status';
import { notices } from '../run/notices';
import { resume } from '../run/resume';
import { storeMeant, Usage, type Given } from './given';
import { withStore } from './open';

/** Lets everybody in a paused store go on. */
export async function resumeCommand({ values }: Given): Promise<string> {
	if (values.skip === values['go-on']) throw new Usage('Say how: --skip sends nothing that fell due since the backup; --go-on sends it, perhaps a second time.');
	return await withStore(storeMeant(values), async (store) => {
		const { due, candidates } = await storeStatus(store);
		await resume(store, values.skip ? 'skip' : 'go_on');
		const who = `${due} people whose time is up and ${candidates} who may enter go on`;
		return values.skip ? `${who}; Check Before Sending skips them ("restored") on the way that began before now.` : `${who}, and get their messages.`;
	});
}

/** The store in numbers, and what there is to do. */
export async function statusCommand({ values }: Given): Promise<string> {
	return await withStore(storeMeant(values), async (store) => {
		const { paused, ...numbers } = await storeStatus(store);
		const lines = Object.entries({ ...numbers, moving: paused ? 'no' : 'yes' }).map(([name, value]) => `${name.padEnd(16)} ${value}`);
		return [lines.join('\n'), ...(await notices(store))].join('\n\n');
	});
}
