/**
 * The embedded database, in a worker thread of its own: a long query must not stop n8n's loop.
 * Plain JavaScript, so that the same file runs from the sources and from dist.
 * Messages in: { id, op: 'open' | 'rows' | 'script' | 'close', … }; out: { id, rows } or { id, error }.
 */
const { parentPort } = require('node:worker_threads');

const INT8 = 20;
const NUMERIC = 1700;
let db;

const operations = {
	async open({ folder }) {
		const { PGlite } = await import('@electric-sql/pglite');
		db = await PGlite.create({ dataDir: folder, relaxedDurability: false, parsers: { [INT8]: Number, [NUMERIC]: Number } });
		return [];
	},
	async rows({ sql, params }) {
		return (await db.query(sql, params)).rows;
	},
	async script({ sql }) {
		return (await db.exec(sql)).at(-1)?.rows ?? [];
	},
	async close() {
		await db?.close();
		return [];
	},
};

parentPort.on('message', async ({ id, op, ...input }) => {
	try {
		parentPort.postMessage({ id, rows: await operations[op](input) });
	} catch (error) {
		parentPort.postMessage({ id, error: { message: error.message, code: error.code, detail: error.detail } });
	}
});
