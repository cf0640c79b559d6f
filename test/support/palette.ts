import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST_COLOURS = 256;

/** A picture of the editor with at most 256 colours: a third of the bytes, and hardly a difference to see. @param png 8-bit RGB, not interlaced */
export function withPalette(png: Buffer): Buffer {
	const { width, height, pixels } = read(png);
	const counts = new Map<number, number>();
	for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
	const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_COLOURS).map(([colour]) => colour);
	const places = new Map(palette.map((colour, at) => [colour, at]));
	const place = (colour: number) => {
		let at = places.get(colour);
		if (at === undefined) places.set(colour, (at = nearest(palette, colour)));
		return at;
	};
	const rows = Buffer.alloc(height * (width + 1));
	pixels.forEach((colour, at) => (rows[Math.floor(at / width) * (width + 1) + 1 + (at % width)] = place(colour)));
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header.set([8, 3, 0, 0, 0], 8); // 8 bits, by palette
	return Buffer.concat([
		SIGNATURE, chunk('IHDR', header), chunk('PLTE', Buffer.from(palette.flatMap(parts))), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0)),
	]);
}

const parts = (colour: number) => [colour >> 16, (colour >> 8) & 255, colour & 255] as const;

function nearest(palette: number[], colour: number): number {
	const [red, green, blue] = parts(colour);
	let [best, least] = [0, Infinity];
	palette.forEach((one, at) => {
		const [r, g, b] = parts(one);
		const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
		if (distance < least) [best, least] = [at, distance];
	});
	return best;
}

/** The pixels of a PNG, row by row, each as 0xRRGGBB. */
function read(png: Buffer): { width: number; height: number; pixels: Uint32Array } {
	const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
	if (!png.subarray(0, 8).equals(SIGNATURE) || png[24] !== 8 || png[25] !== 2 || png[28] !== 0) throw new Error('Not a PNG as Chromium writes it: 8-bit RGB, not interlaced.');
	const data: Buffer[] = [];
	for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
		if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
	}
	const raw = inflateSync(Buffer.concat(data));
	const length = width * 3;
	let above = Buffer.alloc(length);
	const pixels = new Uint32Array(width * height);
	for (let y = 0; y < height; y++) {
		const filter = raw[y * (length + 1)]!;
		const row = Buffer.from(raw.subarray(y * (length + 1) + 1, (y + 1) * (length + 1)));
		for (let x = 0; x < length; x++) row[x] = row[x]! + predicted(filter, row[x - 3] ?? 0, above[x]!, above[x - 3] ?? 0);
		for (let x = 0; x < width; x++) pixels[y * width + x] = (row[x * 3]! << 16) | (row[x * 3 + 1]! << 8) | row[x * 3 + 2]!;
		above = row;
	}
	return { width, height, pixels };
}

/** What PNG's filters foretell of a byte from those to its left, above it, and above to the left. */
function predicted(filter: number, left: number, up: number, corner: number): number {
	if (filter === 1) return left;
	if (filter === 2) return up;
	if (filter === 3) return (left + up) >> 1;
	if (filter !== 4) return 0;
	const guess = left + up - corner;
	const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
	return a <= b && a <= c ? left : b <= c ? up : corner;
}

function chunk(type: string, data: Buffer): Buffer {
	const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
	const framed = Buffer.alloc(body.length + 8);
	framed.writeUInt32BE(data.length, 0);
	body.copy(framed, 4);
	framed.writeUInt32BE(crc32(body), body.length + 4);
	return framed;
}
