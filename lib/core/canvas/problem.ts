/** Something wrong on the canvas. `message` says which nodes, what was found and what to do. */
export interface Problem {
	/** Name of the node that has to change. */
	node: string;
	/** Name of the second node, where it takes two. */
	other?: string;
	message: string;
}
