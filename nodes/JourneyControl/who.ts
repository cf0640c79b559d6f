import type { IExecuteFunctions } from 'n8n-workflow';

/** Who asks, for the journal: the workflow and its execution, and n8n's user when it is run by hand. */
export function whoAsks(context: IExecuteFunctions): string {
	const { id, name } = context.getWorkflow();
	const { userId } = (context as unknown as { additionalData?: { userId?: string } }).additionalData ?? {};
	return `${userId ? `user ${userId} by ` : ''}workflow "${name ?? ''}" (${id ?? 'not saved'}), execution ${context.getExecutionId()}`;
}
