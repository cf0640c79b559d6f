import { isServerUrl } from './serverUrl';
import { validateZone } from './zone';

/**
 * What holds for all journeys of a store, where a step or a journey says nothing of its own: step before journey before
 * settings.
 */
export interface Settings {
	/** Time zone of customers whose own is not known, in journeys that name none. Null: n8n's. */
	zone: string | null;
	/** What *Check before sending* does about a customer of whom no consent is known, where the step goes by the settings. */
	unknownConsent: 'skip' | 'send';
	/** Events, and refused input, are kept for so many months. Null: as `JOURNEY_KEEP_EVENTS_MONTHS` says. */
	keepEventsMonths: number | null;
	/** The same of the journal and what has ended. Null: as `JOURNEY_KEEP_HISTORY_MONTHS` says. */
	keepHistoryMonths: number | null;
	/** Where customers and operators reach n8n, without a slash at the end. Null: as n8n says. */
	publicUrl: string | null;
	/** So many percent of all customers enter no journey that respects the global holdout. */
	globalHoldoutPercent: number;
	/** *Check before sending* lets nobody through; whoever comes there waits. */
	sendingPaused: boolean;
}

/** As long as nobody has said otherwise. */
export const DEFAULT_SETTINGS: Settings = {
	zone: null, unknownConsent: 'skip', keepEventsMonths: null, keepHistoryMonths: null, publicUrl: null, globalHoldoutPercent: 0,
	sendingPaused: false,
};

/** As the panel names them. */
export const SETTING_NAMES: Record<keyof Settings, string> = {
	zone: 'Default Time Zone', unknownConsent: 'If Consent Is Not Known', keepEventsMonths: 'Keep Events (Months)',
	keepHistoryMonths: 'Keep History (Months)', publicUrl: 'Public URL', globalHoldoutPercent: 'Global Holdout (%)', sendingPaused: 'Pause All Sending',
};

const MOST_MONTHS = 1_200;

/** Settings that were changed, checked. @throws Error naming the setting, what was found and what to do */
export function validateSettings(changes: Partial<Record<keyof Settings, unknown>>): Partial<Settings> {
	const checked = Object.entries(changes).map(([name, value]) => [name, CHECKS[name as keyof Settings](value, SETTING_NAMES[name as keyof Settings])]);
	return Object.fromEntries(checked) as Partial<Settings>;
}

type Check = (value: unknown, name: string) => Settings[keyof Settings];

const refuse = (name: string, value: unknown, advice: string): Error => new Error(`${name}: found ${JSON.stringify(value)}. ${advice}`);
const orNothing = (check: Check): Check => (value, name) => (value === null || value === '' ? null : check(value, name));

const months: Check = (value, name) => {
	if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_MONTHS) return value;
	throw refuse(name, value, `Enter a whole number from 1 to ${MOST_MONTHS}, or nothing to go by the environment.`);
};

const CHECKS: Record<keyof Settings, Check> = {
	zone: orNothing((value, name) => validateZone(String(value), name)),
	unknownConsent: (value, name) => {
		if (value === 'skip' || value === 'send') return value;
		throw refuse(name, value, 'Choose skip or send.');
	},
	keepEventsMonths: orNothing(months),
	keepHistoryMonths: orNothing(months),
	publicUrl: orNothing((value, name) => {
		const text = String(value).trim().replace(/\/+$/, '');
		if (isServerUrl(text, ['http', 'https'])) return text;
		throw refuse(name, value, 'Enter the address at which n8n is reached from outside, e.g. https://n8n.example.com.');
	}),
	globalHoldoutPercent: (value, name) => {
		if (typeof value === 'number' && value >= 0 && value <= 100) return value;
		throw refuse(name, value, 'Enter a number from 0 to 100.');
	},
	sendingPaused: (value, name) => {
		if (typeof value === 'boolean') return value;
		throw refuse(name, value, 'Say true or false.');
	},
};
