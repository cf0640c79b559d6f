import { storeStatus } from '../report/status';
import { notices } from '../run/notices';
import { resume, resumeUnmoved } from '../run/resume';
import { storeMeant, Usage, type Given } from './given';
import { withStore } from './open';

/** Lets everybody in a paused store go on. */
export async function resumeCommand({ values }: Given): Promise<string> {
	if ([values.skip, values['go-on'], values['not-moved']].filter(Boolean).length !== 1) {
		throw new Usage('Say how: --skip sends nothing that fell due since the backup; --go-on sends it, perhaps a second time; --not-moved takes back a move that was cut off.');
	}
	return await withStore(storeMeant(values), async (store) => {
		const { due, candidates } = await storeStatus(store);
		const who = `${due} people whose time is up and ${candidates} who may enter go on`;
		if (values['not-moved']) return await resumeUnmoved(store).then(({ moved_to: to }) => `${who} here. See that n8n does not use ${to}.`);
		await resume(store, values.skip ? 'skip' : 'go_on');
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
