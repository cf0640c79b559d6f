import { move } from '../run/move';
import { storeVersion } from '../store/archive';
import { openEmbedded } from '../store/embedded';
import { FolderInUse } from '../store/folderLock';
import { migrate } from '../store/migrate';
import { openPostgres } from '../store/postgres';
import { StoreError } from '../store/types';
import { postgresUrl, storeFolder, storeMeant, Usage, type Given } from './given';
import { mustBeThere, noStore } from './open';
import { listed } from './restore';

/** Moves the people of the embedded store to a Postgres. */
export async function moveCommand({ values }: Given): Promise<string> {
	if (values.to === undefined) throw new Usage('Say where to: n8n-nodes-journey move --to postgres://user:password@host/database');
	if (values.url !== undefined) throw new Usage('"move" takes people out of an embedded store: name its --folder. From one Postgres to another: "backup" and "restore".');
	const { folder, schema } = storeMeant({ ...values, folder: values.folder ?? storeFolder() });
	const toSchema = values['to-schema'] ?? schema;
	mustBeThere(folder!);
	const to = await openPostgres({ url: postgresUrl(values.to), schema: toSchema, upTo: 0, connections: 2 });
	try {
		const from = await openEmbedded({ folder: folder!, schema, upTo: 0 }).catch((error: Error) => {
			throw error instanceof FolderInUse ? new StoreError(`Journey Store: n8n uses ${folder}. Stop n8n, move, then start it with the new store.`) : error;
		});
		try {
			if ((await from.tx(storeVersion)) === 0) throw noStore(`${folder}, schema ${schema}`);
			await migrate(async (work) => await from.tx(work), schema);
			const counts = await move(from, to, toSchema);
			return `${listed(counts)}\n\nBoth stores have these rows. Everybody waits in ${to.name} now. Give n8n a Journey Store credential for it, or JOURNEY_STORE_URL`
				+ `${toSchema === 'journey' ? '' : ` and JOURNEY_STORE_SCHEMA=${toSchema}`}, and start it. ${folder} is kept, and nobody moves in it any more.`;
		} finally {
			await from.close();
		}
	} finally {
		await to.close();
	}
}
