/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type ForkSessionMutationVariables = Exact<{
  messageId: string;
}>;


export type ForkSessionMutation = { forkSession: { id: string } | null };

export type MessageLimitsQueryVariables = Exact<{ [key: string]: never; }>;


export type MessageLimitsQuery = { server: { limits: { files: number, fileBytes: number, textLength: number } } };

export type ServerInfoQueryVariables = Exact<{ [key: string]: never; }>;


export type ServerInfoQuery = { server: { version: string } };

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
export const ServerInfoDocument = new TypedDocumentString(`
    query ServerInfo {
  server {
    version
  }
}
    `) as unknown as TypedDocumentString<ServerInfoQuery, ServerInfoQueryVariables>;