/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** The kind of client that a session was held in. It groups the values of `Session.source`. */
export type Channel =
  /** An API server or a webhook of a Hermes agent. */
  | 'API'
  /** A terminal, a desktop program or an editor. */
  | 'CLI'
  /** A scheduled run of a job. */
  | 'CRON'
  /** A chat platform, such as Telegram, Slack or email. */
  | 'MESSAGING'
  /** A source that Segue does not know. */
  | 'OTHER'
  /** A client of this API. */
  | 'SEGUE'
  /** Another session, which started this one as a sub-agent, a tool or a task. */
  | 'TOOL'
  /** The web interface of a Hermes agent. */
  | 'WEB';

/** Whether the data of a Hermes agent can be read. */
export type HermesState =
  /** Hermes is turned off in the configuration. */
  | 'DISABLED'
  /** Its sessions are shown. */
  | 'FOUND'
  /** There is no Hermes agent yet. Its sessions are shown as soon as there is one. */
  | 'NOT_FOUND'
  /** Its database cannot be read. Its sessions are hidden until it can be. */
  | 'UNREADABLE';

/** Where a session or a job is stored. */
export type Origin =
  /** Read from the files of a Hermes agent. Read-only. */
  | 'HERMES'
  /** Stored by Segue. Readable and writable. */
  | 'SEGUE';

/** Whether a provider answers. */
export type ProviderState =
  /** It needs an API key, and none is configured. */
  | 'NO_KEY'
  /** It answers. */
  | 'READY'
  /** It answers, and refuses the API key, the account or the request. */
  | 'REFUSED'
  /** It does not answer, or its server fails. */
  | 'UNREACHABLE';

export type ForkSessionMutationVariables = Exact<{
  messageId: string;
}>;


export type ForkSessionMutation = { forkSession: { id: string } | null };

export type MessageLimitsQueryVariables = Exact<{ [key: string]: never; }>;


export type MessageLimitsQuery = { server: { limits: { files: number, fileBytes: number, textLength: number } } };

export type CompactSessionMutationVariables = Exact<{
  id: string;
}>;


export type CompactSessionMutation = { compactSession: { id: string } | null };

export type ChatModelsQueryVariables = Exact<{
  profile?: string | null | undefined;
}>;


export type ChatModelsQuery = { models: Array<{ qualifiedName: string, name: string, provider: string, isDefault: boolean, contextWindow: number | null, efforts: Array<string>, supportsImages: boolean | null, supportsTools: boolean | null, omittedTools: Array<string> }> };

export type ProfileInstructionsQueryVariables = Exact<{
  name: string;
}>;


export type ProfileInstructionsQuery = { profile: { instructions: string | null } | null };

export type DeleteConversationMutationVariables = Exact<{
  id: string;
}>;


export type DeleteConversationMutation = { deleteConversation: string | null };

export type ConversationOriginsQueryVariables = Exact<{
  id: string;
}>;


export type ConversationOriginsQuery = { conversation: { segments: Array<{ id: string, origin: Origin, activeStream: { id: string } | null }> } | null };

export type FirstRunQueryVariables = Exact<{ [key: string]: never; }>;


export type FirstRunQuery = { server: { hermes: { state: HermesState, error: string | null } }, profile: { models: Array<{ provider: string, isDefault: boolean }>, providers: Array<{ name: string, state: ProviderState, error: string | null }> } | null, conversations: { edges: Array<{ node: { id: string } }> } };

export type ServerInfoQueryVariables = Exact<{ [key: string]: never; }>;


export type ServerInfoQuery = { server: { version: string } };

export type ProfileNamesQueryVariables = Exact<{ [key: string]: never; }>;


export type ProfileNamesQuery = { profiles: Array<{ name: string }> };

export type ChatSegmentsQueryVariables = Exact<{
  id: string;
  skip: number;
}>;


export type ChatSegmentsQuery = { conversation: { segments: Array<{ id: string, title: string | null, source: string, channel: Channel, startedAt: string, messageCount: number, messages: { edges: Array<{ node: { id: string } }> } }> } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const ForkSessionDocument = new TypedDocumentString(`
    mutation ForkSession($messageId: ID!) {
  forkSession(messageId: $messageId) {
    id
  }
}
    `) as unknown as TypedDocumentString<ForkSessionMutation, ForkSessionMutationVariables>;
export const MessageLimitsDocument = new TypedDocumentString(`
    query MessageLimits {
  server {
    limits {
      files
      fileBytes
      textLength
    }
  }
}
    `) as unknown as TypedDocumentString<MessageLimitsQuery, MessageLimitsQueryVariables>;
export const CompactSessionDocument = new TypedDocumentString(`
    mutation CompactSession($id: ID!) {
  compactSession(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<CompactSessionMutation, CompactSessionMutationVariables>;
export const ChatModelsDocument = new TypedDocumentString(`
    query ChatModels($profile: String) {
  models(profile: $profile) {
    qualifiedName
    name
    provider
    isDefault
    contextWindow
    efforts
    supportsImages
    supportsTools
    omittedTools
  }
}
    `) as unknown as TypedDocumentString<ChatModelsQuery, ChatModelsQueryVariables>;
export const ProfileInstructionsDocument = new TypedDocumentString(`
    query ProfileInstructions($name: String!) {
  profile(name: $name) {
    instructions
  }
}
    `) as unknown as TypedDocumentString<ProfileInstructionsQuery, ProfileInstructionsQueryVariables>;
export const DeleteConversationDocument = new TypedDocumentString(`
    mutation DeleteConversation($id: ID!) {
  deleteConversation(id: $id)
}
    `) as unknown as TypedDocumentString<DeleteConversationMutation, DeleteConversationMutationVariables>;
export const ConversationOriginsDocument = new TypedDocumentString(`
    query ConversationOrigins($id: ID!) {
  conversation(id: $id) {
    segments {
      id
      origin
      activeStream {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ConversationOriginsQuery, ConversationOriginsQueryVariables>;
export const FirstRunDocument = new TypedDocumentString(`
    query FirstRun {
  server {
    hermes {
      state
      error
    }
  }
  profile(name: "default") {
    models {
      provider
      isDefault
    }
    providers {
      name
      state
      error
    }
  }
  conversations(first: 1) {
    edges {
      node {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FirstRunQuery, FirstRunQueryVariables>;
export const ServerInfoDocument = new TypedDocumentString(`
    query ServerInfo {
  server {
    version
  }
}
    `) as unknown as TypedDocumentString<ServerInfoQuery, ServerInfoQueryVariables>;
export const ProfileNamesDocument = new TypedDocumentString(`
    query ProfileNames {
  profiles {
    name
  }
}
    `) as unknown as TypedDocumentString<ProfileNamesQuery, ProfileNamesQueryVariables>;
export const ChatSegmentsDocument = new TypedDocumentString(`
    query ChatSegments($id: ID!, $skip: Int!) {
  conversation(id: $id) {
    segments(first: 50, skip: $skip) {
      id
      title
      source
      channel
      startedAt
      messageCount
      messages(first: 1) {
        edges {
          node {
            id
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ChatSegmentsQuery, ChatSegmentsQueryVariables>;