import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';

import { listJourneys, readSettings } from '../../lib/index';
import { journeyEngine } from './engine';

const CHOICES = [{ name: 'Skip', value: 'skip' }, { name: 'Send', value: 'send' }];
const MOST_NAMED = 5;

const nameOf = (choice: string | null | undefined) => CHOICES.find(({ value }) => value === choice)?.name;

async function found(panel: ILoadOptionsFunctions) {
	// A store that is away must not empty the list: what is chosen would look as if it were not there.
	return await journeyEngine(panel).then(async ({ store }) => await store.tx(async (db) => ({
		settings: nameOf((await readSettings(db)).unknownConsent), journeys: await listJourneys(db),
	}))).catch(() => undefined);
}

/** For a journey: what to do about customers of whom no consent is known. The first one says what the settings say now. */
export async function consentChoices(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const { settings } = (await found(this)) ?? {};
	return [{ name: settings ? `As in Settings (${settings} Now)` : 'As in Settings', value: 'settings', description: 'Of Journey Control' }, ...CHOICES];
}

/**
 * The same for a step: the journey goes before the settings. The editor does not say which journey this is, so those that
 * say something of their own are named.
 */
export async function stepConsentChoices(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const { settings, journeys = [] } = (await found(this)) ?? {};
	const own = journeys.filter(({ unknown_consent }) => unknown_consent !== null).map(({ name, unknown_consent }) => `${name}: ${nameOf(unknown_consent)}`);
	const named = own.length > MOST_NAMED ? [...own.slice(0, MOST_NAMED), '…'] : own;
	const description = own.length > 0 ? `These journeys say it in the options of their Entry Trigger: ${named.join(', ')}. All others go by the settings.`
		: 'No journey says it in the options of its Entry Trigger, so all go by the settings of Journey Control.';
	return [{ name: settings ? `As the Journey, Else the Settings (${settings} Now)` : 'As the Journey, Else the Settings', value: 'settings', description }, ...CHOICES];
}
