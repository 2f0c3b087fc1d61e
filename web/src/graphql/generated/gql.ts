/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "mutation ForkSession($messageId: ID!) {\n  forkSession(messageId: $messageId) {\n    id\n  }\n}": typeof types.ForkSessionDocument,
    "query MessageLimits {\n  server {\n    limits {\n      files\n      fileBytes\n      textLength\n    }\n  }\n}": typeof types.MessageLimitsDocument,
    "mutation CompactSession($id: ID!) {\n  compactSession(id: $id) {\n    id\n  }\n}": typeof types.CompactSessionDocument,
    "query ChatModels($profile: String) {\n  models(profile: $profile) {\n    qualifiedName\n    name\n    provider\n    isDefault\n    contextWindow\n    efforts\n    supportsImages\n    supportsTools\n    omittedTools\n  }\n}": typeof types.ChatModelsDocument,
    "query ProfileInstructions($name: String!) {\n  profile(name: $name) {\n    instructions\n  }\n}": typeof types.ProfileInstructionsDocument,
    "mutation DeleteConversation($id: ID!) {\n  deleteConversation(id: $id)\n}": typeof types.DeleteConversationDocument,
    "query ConversationOrigins($id: ID!) {\n  conversation(id: $id) {\n    segments {\n      id\n      origin\n      activeStream {\n        id\n      }\n    }\n  }\n}": typeof types.ConversationOriginsDocument,
    "query FirstRun {\n  server {\n    hermes {\n      state\n      error\n    }\n  }\n  profile(name: \"default\") {\n    models {\n      provider\n      isDefault\n    }\n    providers {\n      name\n      state\n      error\n    }\n  }\n  conversations(first: 1) {\n    edges {\n      node {\n        id\n      }\n    }\n  }\n}": typeof types.FirstRunDocument,
    "query ServerInfo {\n  server {\n    version\n  }\n}": typeof types.ServerInfoDocument,
    "query ProfileNames {\n  profiles {\n    name\n  }\n}": typeof types.ProfileNamesDocument,
    "query ChatSegments($id: ID!, $skip: Int!) {\n  conversation(id: $id) {\n    segments(first: 50, skip: $skip) {\n      id\n      title\n      source\n      channel\n      startedAt\n      messageCount\n      messages(first: 1) {\n        edges {\n          node {\n            id\n          }\n        }\n      }\n    }\n  }\n}": typeof types.ChatSegmentsDocument,
};
const documents: Documents = {
    "mutation ForkSession($messageId: ID!) {\n  forkSession(messageId: $messageId) {\n    id\n  }\n}": types.ForkSessionDocument,
    "query MessageLimits {\n  server {\n    limits {\n      files\n      fileBytes\n      textLength\n    }\n  }\n}": types.MessageLimitsDocument,
    "mutation CompactSession($id: ID!) {\n  compactSession(id: $id) {\n    id\n  }\n}": types.CompactSessionDocument,
    "query ChatModels($profile: String) {\n  models(profile: $profile) {\n    qualifiedName\n    name\n    provider\n    isDefault\n    contextWindow\n    efforts\n    supportsImages\n    supportsTools\n    omittedTools\n  }\n}": types.ChatModelsDocument,
    "query ProfileInstructions($name: String!) {\n  profile(name: $name) {\n    instructions\n  }\n}": types.ProfileInstructionsDocument,
    "mutation DeleteConversation($id: ID!) {\n  deleteConversation(id: $id)\n}": types.DeleteConversationDocument,
    "query ConversationOrigins($id: ID!) {\n  conversation(id: $id) {\n    segments {\n      id\n      origin\n      activeStream {\n        id\n      }\n    }\n  }\n}": types.ConversationOriginsDocument,
    "query FirstRun {\n  server {\n    hermes {\n      state\n      error\n    }\n  }\n  profile(name: \"default\") {\n    models {\n      provider\n      isDefault\n    }\n    providers {\n      name\n      state\n      error\n    }\n  }\n  conversations(first: 1) {\n    edges {\n      node {\n        id\n      }\n    }\n  }\n}": types.FirstRunDocument,
    "query ServerInfo {\n  server {\n    version\n  }\n}": types.ServerInfoDocument,
    "query ProfileNames {\n  profiles {\n    name\n  }\n}": types.ProfileNamesDocument,
    "query ChatSegments($id: ID!, $skip: Int!) {\n  conversation(id: $id) {\n    segments(first: 50, skip: $skip) {\n      id\n      title\n      source\n      channel\n      startedAt\n      messageCount\n      messages(first: 1) {\n        edges {\n          node {\n            id\n          }\n        }\n      }\n    }\n  }\n}": types.ChatSegmentsDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation ForkSession($messageId: ID!) {\n  forkSession(messageId: $messageId) {\n    id\n  }\n}"): typeof import('./graphql.ts').ForkSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query MessageLimits {\n  server {\n    limits {\n      files\n      fileBytes\n      textLength\n    }\n  }\n}"): typeof import('./graphql.ts').MessageLimitsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CompactSession($id: ID!) {\n  compactSession(id: $id) {\n    id\n  }\n}"): typeof import('./graphql.ts').CompactSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ChatModels($profile: String) {\n  models(profile: $profile) {\n    qualifiedName\n    name\n    provider\n    isDefault\n    contextWindow\n    efforts\n    supportsImages\n    supportsTools\n    omittedTools\n  }\n}"): typeof import('./graphql.ts').ChatModelsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ProfileInstructions($name: String!) {\n  profile(name: $name) {\n    instructions\n  }\n}"): typeof import('./graphql.ts').ProfileInstructionsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DeleteConversation($id: ID!) {\n  deleteConversation(id: $id)\n}"): typeof import('./graphql.ts').DeleteConversationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ConversationOrigins($id: ID!) {\n  conversation(id: $id) {\n    segments {\n      id\n      origin\n      activeStream {\n        id\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').ConversationOriginsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query FirstRun {\n  server {\n    hermes {\n      state\n      error\n    }\n  }\n  profile(name: \"default\") {\n    models {\n      provider\n      isDefault\n    }\n    providers {\n      name\n      state\n      error\n    }\n  }\n  conversations(first: 1) {\n    edges {\n      node {\n        id\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').FirstRunDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ServerInfo {\n  server {\n    version\n  }\n}"): typeof import('./graphql.ts').ServerInfoDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ProfileNames {\n  profiles {\n    name\n  }\n}"): typeof import('./graphql.ts').ProfileNamesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ChatSegments($id: ID!, $skip: Int!) {\n  conversation(id: $id) {\n    segments(first: 50, skip: $skip) {\n      id\n      title\n      source\n      channel\n      startedAt\n      messageCount\n      messages(first: 1) {\n        edges {\n          node {\n            id\n          }\n        }\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').ChatSegmentsDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
