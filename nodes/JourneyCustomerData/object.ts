import { validateFieldType, type AssignmentCollectionValue, type FieldType } from 'n8n-workflow';

import { Refusal } from '../../lib/index';
import type { Panel } from './panel';

/**
 * An object from fields or JSON (`objectFields`).
 *
 * @param plural what the panel calls it
 * @throws Refusal naming the field
 */
export function objectOf(panel: Panel, item: number, name: string, plural: string): unknown {
	if (panel<string>(`${name}Mode`, item, 'fields') === 'json') return panel<unknown>(`${name}Json`, item, {});
	const { assignments } = panel<Partial<AssignmentCollectionValue>>(name, item, {});
	const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
	for (const { name: key, value, type } of assignments ?? []) {
		if (typeof key !== 'string' || key.trim() === '') throw new Refusal(`${plural}: a field has no name. Enter it, or remove the field.`);
		if (key.includes('.')) throw new Refusal(`${plural}: the name "${key}" contains a dot, which would make it part of another object. Use JSON to write objects inside objects.`);
		if (key in object) throw new Refusal(`${plural}: "${key}" is there twice. Remove one of the two.`);
		object[key] = typed(`${plural}: ${key}`, value, type as FieldType | undefined);
	}
	return { ...object };
}

function typed(field: string, value: unknown, type: FieldType = 'string'): unknown {
	if (value === undefined || value === null) return null;
	if (type === 'string') return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
	const result = validateFieldType(field, value, type);
	if (!result.valid) throw new Refusal(result.errorMessage);
	const { newValue } = result as { newValue: unknown };
	return type === 'dateTime' ? JSON.parse(JSON.stringify(newValue)) : newValue;
}
