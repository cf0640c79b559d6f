import type { IRunExecutionData } from 'n8n-workflow';

/** Outcomes of the messages that an execution carried. */
export function settlementsOf(_token: string, _result: IRunExecutionData['resultData']) {
	return [];
}
