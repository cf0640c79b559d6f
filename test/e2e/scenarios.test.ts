import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { cart } from './scenarios/cart';
import { poison } from './scenarios/poison';
import { Scene } from './scenarios/scene';
import { turning } from './scenarios/turning';
import { waiting } from './scenarios/waiting';

jest.setTimeout(300_000);

/* Journeys beside each other on one started n8n, which takes longer to start than they take to run. */
describe.each(ARRANGEMENTS)('in a started n8n (%s)', (kind) => {
	let on: Arrangement;
	beforeAll(async () => {
		on = await Arrangement.start(kind);
	});
	afterAll(async () => await on?.stop());
	const scene = new Scene(() => on);

	describe('waiting', () => waiting(scene));
	describe('turning', () => turning(scene));
	describe('a cart that is left', () => cart(scene));
	describe('one poisoned person among 5,000', () => poison(scene));
});
