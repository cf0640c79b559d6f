/**
 * Sends requests to a collector as fast as they are answered, from a process of its own, over bare sockets: an HTTP
 * client would cost more than the server that it measures.
 *
 * node loadGenerator.js '{"port", "key", "connections", "seconds", "events", "users"}' → one line of JSON
 */
const { connect } = require('node:net');

const { port, key, connections, seconds, events, users } = JSON.parse(process.argv[2]);
const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
const run = `${process.pid}-${Date.now()}`;
const latencies = [];
let [sent, answered, refused] = [0, 0, 0];
const end = Date.now() + seconds * 1000;

function message() {
	const n = sent++;
	return `{"type":"track","userId":"u${n % users}","messageId":"${run}-${n}","event":"Page Seen","timestamp":"${new Date().toISOString()}","properties":{"path":"/products/${n % 500}","price":12.5,"source":"newsletter"}}`;
}

function request() {
	const body = events === 1 ? message() : `{"batch":[${Array.from({ length: events }, message).join(',')}]}`;
	const path = events === 1 ? '/v1/track' : '/v1/batch';
	return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const whole = (text) => {
	const head = text.indexOf('\r\n\r\n');
	return head !== -1 && text.length >= head + 4 + Number(/content-length: (\d+)/i.exec(text)[1]);
};

function client() {
	return new Promise((resolve, reject) => {
		const socket = connect(port, '127.0.0.1').setNoDelay(true).once('error', reject);
		let began;
		let text = '';
		const next = () => {
			if (Date.now() > end) return socket.end(resolve);
			began = performance.now();
			text = '';
			socket.write(request());
		};
		socket.on('data', (data) => {
			text += data.toString('latin1');
			if (!whole(text)) return;
			if (text.startsWith('HTTP/1.1 200') && text.endsWith('{"rejected":[]}')) {
				answered++;
				latencies.push(performance.now() - began);
			} else if (refused++ === 0) console.error(text);
			next();
		});
		socket.once('connect', next);
	});
}

void Promise.all(Array.from({ length: connections }, client)).then(() => {
	const sorted = latencies.sort((a, b) => a - b);
	const at = (part) => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0);
	console.log(JSON.stringify({ answered, refused, p50: at(0.5), p99: at(0.99), cpuMs: process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000 }));
});
