import { webhookDescriptionFields, type INodeParameters, type IWebhookDescription } from 'n8n-workflow';

import { ENDPOINT_PATHS } from '../../lib/index';

/** The one URL that the panel shows. */
const SHOWN = 'v1/batch';
/** Of the status page: the page itself, and where its links lead. */
const PAGES = ['status', 'status/open'];

type Door = [method: 'GET' | 'POST', endpoint: string];
const DOORS: Door[] = [
	...[SHOWN, ...ENDPOINT_PATHS.filter((path) => path !== SHOWN)].map((endpoint): Door => ['POST', endpoint]),
	...PAGES.map((endpoint): Door => ['GET', endpoint]),
];

/**
 * One static path for each call, e.g. `journey/v1/track`: a path with a parameter would carry the webhook's id in front,
 * and cost a query per request. The resolvers save n8n from evaluating all of them as expressions on every request.
 */
export const webhooks: IWebhookDescription[] = DOORS.map(([httpMethod, endpoint]) => ({
	name: 'default',
	httpMethod,
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
