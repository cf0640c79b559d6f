import type { ITriggerFunctions, IWebhookFunctions } from 'n8n-workflow';

import type { Troubles } from '../../lib/index';

/** Writes to n8n's log why a door stored nothing, unless that was said a moment ago. */
export function tellTrouble(context: ITriggerFunctions | IWebhookFunctions, troubles: Troubles, error: Error): void {
	const line = troubles.line(`${context.getNode().name}: events could not be stored, their sender was asked to send them again: ${error.message}`, performance.now());
	if (line !== undefined) context.logger.error(line, { error });
}
