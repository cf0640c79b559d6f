import startForAll from '../support/postgresForAll';
import { beginRun } from './table';

export default async function begin(): Promise<void> {
	beginRun();
	await startForAll();
}
