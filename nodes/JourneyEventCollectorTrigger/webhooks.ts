import { webhookDescriptionFields, type INodeParameters, type IWebhookDescription } from 'n8n-workflow';

import { ENDPOINT_PATHS } from '../../lib/index';

/** The one URL that the panel shows. */
const SHOWN = 'v1/batch';

/**
 * One static path for each call, e.g. `journey/v1/track`: a path with a parameter would carry the webhook's id in front,
 * and cost a query per request. The resolvers save n8n from evaluating all of them as expressions on every request.
 */
export const webhooks: IWebhookDescription[] = [SHOWN, ...ENDPOINT_PATHS.filter((path) => path !== SHOWN)].map((endpoint) => ({
	name: 'default',
	httpMethod: 'POST',
	isFullPath: true,
	responseMode: 'onReceived',
	...webhookDescriptionFields({
		path: {
			template: `={{$parameter["path"]}}/${endpoint}`,
			resolve: ({ path }: INodeParameters) => `${String(path)}/${endpoint}`,
		},
	}),
	...(endpoint !== SHOWN && { ndvHideUrl: true }),
}));
