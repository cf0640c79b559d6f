import { baseNode } from './canvas';
import type { N8nRest } from './n8nRest';
import type { SmtpSink } from './smtp';

/** @returns the id of an n8n credential for this mail server */
export async function smtpCredential(n8n: N8nRest, { host, port }: SmtpSink): Promise<string> {
	return await n8n.createCredential('SMTP', 'smtp', { user: '', password: '', host, port, secure: false, disableStartTls: true });
}

/** n8n's own Send Email, behind a check. @param text with n8n's expressions, e.g. `={{ $json.idempotencyKey }}` */
export const sendEmail = (name: string, credential: string, text: string) => baseNode(name, 'emailSend', 2.1, {
	fromEmail: 'shop@example.com', toEmail: '={{ $json.profile.email }}', subject: 'Your cart', emailFormat: 'text', text, options: { appendAttribution: false },
}, { onError: 'continueRegularOutput', credentials: { smtp: { id: credential, name: 'SMTP' } } });
