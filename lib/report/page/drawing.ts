import { isStep, kindOf } from '../../core/canvas/roles';
import type { JourneyMap, StepNow } from '../journeyMap';
import { html, type Html } from './html';
import { iconOf } from './icons';
import { outputAt, planOf, SIDE, type Box } from './plan';
import { count, short } from './words';

/** Beyond this width it is drawn smaller, but never so small that it could not be read: then it is scrolled. */
const ROOM = 1_190;
const SMALLEST = 0.54;
const NAME_LINE = 18;
const OUTPUT_NAME = 16;

/** The canvas of a journey as an SVG, and who is where on it. What it says is in the table of the steps as well. */
export function drawing({ journey, canvas, drawing: looks, steps }: JourneyMap): Html {
	if (canvas === null) return html`<p class="nothing">Its canvas is drawn as soon as its workflow is published again, or somebody moves in it.</p>`;
	const { boxes, edges, view: [x, y, width, height] } = planOf(canvas, looks);
	const scale = Math.min(1, Math.max(SMALLEST, ROOM / width));
	const at = new Map(steps.filter((step) => step.drawn).map((step) => [step.nodeId, step]));
	return html`<div class="canvas" tabindex="0" role="group" aria-label="The canvas of ${journey.name}">
<svg role="img" aria-label="Drawing of the journey. The table below says the same." width="${Math.round(width * scale)}" height="${Math.round(height * scale)}" viewBox="${[x, y, width, height].map(Math.round).join(' ')}">
${edges.map(({ path, part }) => html`<path class="edge${part ? ' part' : ''}" d="${path}"/>`)}
${boxes.map((box) => nodeBox(box, at.get(box.node.id)))}
</svg></div>`;
}

function nodeBox(box: Box, step: StepNow | undefined): Html {
	const { node, x, y, height, outputs } = box;
	const inside = step ? step.waiting + step.running : 0;
	const first = /trigger$/i.test(node.type);
	const classes = ['node', isStep(node) ? 'step' : kindOf(node) ? 'own' : 'other', node.disabled ? 'off' : '', inside > 0 ? 'busy' : ''].filter(Boolean).join(' ');
	const middle = x + SIDE / 2;
	const [icon, size] = inside > 0 ? [10, 28] : [height / 2 - 20, 40];
	return html`<g class="${classes}"><title>${spoken(node.name, step)}</title>
<path class="box" d="${outline(x, y, height, first)}"/>
<path class="icon" d="${iconOf(node)}" transform="translate(${middle - size / 2} ${y + icon}) scale(${size / 24})"/>
${inside > 0 && html`<text class="inside" x="${middle}" y="${y + height - 31}">${inside < 1_000_000 ? count(inside) : short(inside)}</text><text class="unit" x="${middle}" y="${y + height - 12}">${step!.waiting > 0 ? 'waiting' : 'on the way'}</text>`}
${badges(middle, y, step)}
${nameLines(node.name).map((line, at) => html`<text class="name" x="${middle}" y="${y + height + 22 + at * 20}">${line}</text>`)}
${outputs.map((name, at) => {
		const [fromX, fromY] = outputAt(box, at);
		return html`<circle class="dot" cx="${fromX}" cy="${Math.round(fromY)}" r="4"/>${name !== '' && html`<text class="output" x="${fromX + 9}" y="${Math.round(fromY) - 6}">${cut(name, OUTPUT_NAME)}</text>`}`;
	})}
</g>`;
}

/** What somebody should look at, on the upper edge of the box: late, given up, unknown, waiting to be let in. */
function badges(middle: number, y: number, step: StepNow | undefined): Html[] {
	const shown = ([['overdue', step?.overdue], ['failed', step?.failed], ['unknown', step?.unknown], ['outside', step?.outside]] as const)
		.flatMap(([what, number]) => (number ? [{ what, text: short(number), width: 18 + short(number).length * 9 }] : []));
	let left = middle - shown.reduce((sum, { width }) => sum + width + 4, -4) / 2;
	return shown.map(({ what, text, width }) => {
		const at = left;
		left += width + 4;
		return html`<rect class="badge ${what}" x="${at}" y="${y - 19}" width="${width}" height="26" rx="13"/><text class="badge ${what}" x="${at + width / 2}" y="${y}">${text}</text>`;
	});
}

/** A trigger is round on its left. */
function outline(x: number, y: number, height: number, first: boolean): string {
	const [left, right] = [first ? 36 : 8, 8];
	return `M${x + left} ${y}H${x + SIDE - right}a${right} ${right} 0 0 1 ${right} ${right}V${y + height - right}a${right} ${right} 0 0 1 -${right} ${right}H${x + left}a${left} ${left} 0 0 1 -${left} -${left}V${y + left}a${left} ${left} 0 0 1 ${left} -${left}z`;
}

/** A name in at most two lines. */
function nameLines(name: string): string[] {
	const [first, second = ''] = name.split(' ').reduce<string[]>((lines, word) => {
		const last = lines.at(-1);
		if (last !== undefined && (lines.length === 2 || last.length + 1 + word.length <= NAME_LINE)) return [...lines.slice(0, -1), `${last} ${word}`];
		return [...lines, word];
	}, []);
	return [cut(first ?? '', NAME_LINE + 3), cut(second, NAME_LINE + 3)].filter((line) => line !== '');
}

function cut(text: string, longest: number): string {
	const characters = [...text];
	return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('').trimEnd()}…`;
}

function spoken(name: string, step: StepNow | undefined): string {
	if (!step) return name;
	const parts = [
		[step.waiting, 'waiting'], [step.running, 'on the way'], [step.overdue, 'overdue'], [step.failed, 'given up'], [step.unknown, 'messages unknown'], [step.outside, 'to be let in'],
	] as const;
	const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${count(number)} ${what}`);
	return said.length > 0 ? `${name}: ${said.join(', ')}` : name;
}
