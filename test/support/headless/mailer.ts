import { NodeOperationError, type IExecuteFunctions, type INodeExecutionData, type INodeType, type INodeTypeDescription } from 'n8n-workflow';

export interface Mail {
	to: string;
	subject: string;
	text: string;
	at: Date;
}

/** Stands in for n8n's Send Email: writes down what it would send, and fails for addresses that bounce. */
export class RecordingMailer implements INodeType {
	readonly mails: Mail[] = [];

	description: INodeTypeDescription = {
		displayName: 'Send Email',
		name: 'emailSend',
		group: ['output'],
		version: [2, 2.1],
		description: 'Writes mails down',
		defaults: { name: 'Send Email' },
		inputs: ['main'],
		outputs: ['main'],
		properties: ['toEmail', 'subject', 'text'].map((name) => ({ displayName: name, name, type: 'string', default: '' })),
	};

	/** `this` of a node's execute is n8n's context, so it is made where the recorder is known. */
	readonly execute: (this: IExecuteFunctions) => Promise<INodeExecutionData[][]>;

	/** @param now the clock of the run @param bounces addresses that are refused */
	constructor(now: () => Date, bounces: string[] = []) {
		const { mails } = this;
		this.execute = async function (this: IExecuteFunctions) {
			const sent: INodeExecutionData[] = [];
			for (let item = 0; item < this.getInputData().length; item++) {
				const field = (name: string) => String(this.getNodeParameter(name, item, ''));
				const to = field('toEmail');
				try {
					if (bounces.includes(to)) throw new NodeOperationError(this.getNode(), `550 no such user: ${to}`, { itemIndex: item });
					mails.push({ to, subject: field('subject'), text: field('text'), at: now() });
					sent.push({ json: { accepted: [to], messageId: `<${mails.length}@example.com>` }, pairedItem: { item } });
				} catch (error) {
					if (!this.continueOnFail()) throw error;
					sent.push({ json: { error: (error as Error).message }, pairedItem: { item } });
				}
			}
			return [sent];
		};
	}
}
