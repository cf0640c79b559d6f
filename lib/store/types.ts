/**
 * A transaction's connection. `now` is the one clock: the database's at the start of the transaction, or the frozen
 * clock of a test. Rows come back with bigint and numeric as number, timestamptz as Date, jsonb as value.
 */
export interface Connection {
	readonly now: Date;
	/** Runs one statement. Pass jsonb as `JSON.stringify(value)`, arrays as arrays. */
	rows<R extends object>(sql: string, params?: unknown[]): Promise<R[]>;
}

/** Where people wait. Its only way in is a transaction, so nothing can slip a query between BEGIN and COMMIT. */
export interface Store {
	readonly kind: 'embedded' | 'postgres';
	/** What an ops person calls this store: the folder or `host:port/database`, never a password. */
	readonly name: string;
	/**
	 * Runs `work` in one READ COMMITTED transaction and commits. A deadlock victim is run again, so `work` must have
	 * no effect outside the database.
	 */
	tx<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
	/**
	 * Runs `work`, which only reads, on a picture of this moment while everything else goes on. Unlike `tx` it runs once.
	 * The embedded store, which has one connection, makes a copy of its folder for it and holds writes back meanwhile.
	 */
	snapshot<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
	/** Tells other processes that something is due; only a hint, the poll is the truth. */
	hint(): Promise<void>;
	/** @returns ends it */
	onHint(listener: () => void): () => void;
	/** What the database does not do by itself. */
	maintain(): Promise<void>;
	/** What an operator should know and do about the place where this store is, as sentences; usually nothing. */
	warnings(): Promise<string[]>;
	close(): Promise<void>;
}

/** For how many whole months something is kept; absent: for ever. */
export interface Keep {
	/** Events, and refused input. */
	events?: number;
	/** The journal, journeys that have ended, and refused entries. */
	history?: number;
}

/** An optional Redis beside the store. */
export interface RedisSettings {
	/** `redis://user:password@host:port/database` */
	url: string;
	/** TLS options as `node:tls` takes them. */
	tls?: boolean | { ca?: string; rejectUnauthorized?: boolean };
	/** The stream that events are read from; absent: none is read. */
	stream?: string;
	/** The consumer group that reads it. */
	group: string;
}

export interface StoreSettings {
	/** Postgres: `postgres://…`; absent: embedded. */
	url?: string;
	/** Embedded: the folder. */
	folder?: string;
	schema: string;
	/** Migrations up to this one only; 0: the store is taken as it is found. Absent: all of them. */
	upTo?: number;
	/** TLS options as `pg` takes them. */
	ssl?: boolean | { ca?: string; rejectUnauthorized?: boolean };
	redis?: RedisSettings;
	/** Connections of this process. */
	connections?: number;
	/** What is dropped when; absent: everything is kept. */
	keep?: Keep;
	/** Frozen clock of a test. */
	clock?: () => Date;
}

/** The store cannot be used as it is; the message says what to do. */
export class StoreError extends Error {
	override readonly name = 'StoreError';
}
