import { kindOf, type JourneyKind } from '../../core/canvas/roles';
import type { CanvasNode } from '../../core/canvas/canvas';

/** Lines on a square of 24, as the nodes' own icons have them. */
const JOURNEY: Record<JourneyKind, string> = {
	journeyEntryTrigger: 'M13.5 3.5H18a2 2 0 0 1 2 2v13a2 2 0 0 1-2 2h-4.5M3.5 12H14m-4-4 4 4-4 4',
	journeyAudienceFilter: 'M3.5 4.5h17l-6.5 8v5l-4 2.5v-7.5z',
	journeyState: 'M5.5 3.5h13M5.5 20.5h13M7.5 3.5V7c0 2.5 4.5 3.5 4.5 5s-4.5 2.5-4.5 5v3.5M16.5 3.5V7c0 2.5-4.5 3.5-4.5 5s4.5 2.5 4.5 5v3.5',
	journeyBranch: 'M7.75 12a2.25 2.25 0 1 0-4.5 0 2.25 2.25 0 0 0 4.5 0M20.75 5.75a2.25 2.25 0 1 0-4.5 0 2.25 2.25 0 0 0 4.5 0M20.75 18.25a2.25 2.25 0 1 0-4.5 0 2.25 2.25 0 0 0 4.5 0M7.75 12H9c3.5 0 3-6.25 7.25-6.25M9 12c3.5 0 3 6.25 7.25 6.25',
	journeyAction: 'M20.5 3.5 3.5 9.75l6.75 4 4 6.75zM20.5 3.5 10.25 13.75',
	journeyConversionGoal: 'M5.5 21V3.5M5.5 4.5h13.5l-3 4.25 3 4.25H5.5',
	journeyCustomerData: 'M5 4.5h14a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-11a2 2 0 0 1 2-2M10.75 10a2 2 0 1 0-4 0 2 2 0 0 0 4 0M5.5 16.25a3.25 3.25 0 0 1 6.5 0M15 9.5h3M15 13.5h3',
	journeyEventCollectorTrigger: 'M12 3.5v9m-3.75-3.75L12 12.5l3.75-3.75M3.5 14.5v4a2 2 0 0 0 2 2h13a2 2 0 0 0 2-2v-4',
	journeyControl: 'M4 7h9M18 7h2M17.75 7a2.25 2.25 0 1 0-4.5 0 2.25 2.25 0 0 0 4.5 0M4 17h2M11 17h9M10.75 17a2.25 2.25 0 1 0-4.5 0 2.25 2.25 0 0 0 4.5 0',
};

/** What n8n's own nodes do, told by their types. */
const OTHERS: Array<[type: RegExp, icon: string]> = [
	[/mail|mandrill|sendgrid|mailgun|mailjet|outlook|brevo/i, 'M4 5.5h16a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1M3.5 6.5 12 13l8.5-6.5'],
	[/twilio|sms|whatsapp|telegram|slack|discord|messagebird|vonage|plivo|chat|teams|mattermost/i, 'M4 4.5h16v12H11l-5 4v-4H4zM8 9h8M8 12.5h5'],
	[/http|webhook|graphql|rss/i, 'M20.5 12a8.5 8.5 0 1 0-17 0 8.5 8.5 0 0 0 17 0M3.5 12h17M12 3.5c5.3 5 5.3 12 0 17M12 3.5c-5.3 5-5.3 12 0 17'],
	[/\.(if|switch|filter)$/i, 'M12 20v-7M12 13 5 6m0 0h4.5M5 6v4.5M12 13l7-7m0 0h-4.5M19 6v4.5'],
	[/\.(code|function|functionItem)$/i, 'm8.5 7-5 5 5 5m7-10 5 5-5 5M13.5 5l-3 14'],
	[/\.set$/i, 'M4 20h4L19.5 8.5l-4-4L4 16zM13 7l4 4'],
	[/\.noOp$/i, 'M4 12h15m-5-5 5 5-5 5'],
	[/trigger$/i, 'M13 3 5 13.5h6L10 21l8.5-11h-6.5z'],
	[/postgres|mysql|mongo|redis|sheet|airtable|notion|nocodb|baserow|supabase/i, 'M20 6c0 1.7-3.6 3-8 3S4 7.700 4 6s3.600-3 8-3 8 1.300 8 3M4 6v12c0 1.700 3.600 3 8 3s8-1.300 8-3V6M4 12c0 1.700 3.600 3 8 3s8-1.300 8-3'],
];
const ANY = 'M12 3 20 7.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.500 8-4.500M12 12v9';

/** The lines of a node's icon. */
export function iconOf(node: CanvasNode): string {
	const kind = kindOf(node);
	return kind ? JOURNEY[kind] : (OTHERS.find(([type]) => type.test(node.type))?.[1] ?? ANY);
}
