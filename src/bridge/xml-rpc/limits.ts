/** How big a document of XML-RPC, and what it is made of, may be. The bytes of a body are the business of who receives it. */
export interface XmlRpcLimits {
  /** How deeply elements may be nested, the root being depth 1. An array inside an array takes three of them. */
  readonly maxDepth: number;
  /** Elements of the document, its attributes counted with them. */
  readonly maxElements: number;
  /** Characters of one text as it stands in the document, and of any other piece of it, such as a comment or a tag. */
  readonly maxTextLength: number;
  /** Characters of the name of a method or of a member. */
  readonly maxNameLength: number;
  /** Namespace declarations that may be in force at once. */
  readonly maxNamespaces: number;
}

/** Limits that fit a call with 10,000 hosts, and an answer with 10,000 rows of three for each of five units. */
export const XML_RPC_LIMITS: XmlRpcLimits = {
  maxDepth: 64,
  maxElements: 500_000,
  maxTextLength: 1024 ** 2,
  maxNameLength: 1024,
  maxNamespaces: 16,
};
