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
    "fragment ShownUsage on Usage {\n  inputTokens\n  outputTokens\n  cachedInputTokens\n  reasoningTokens\n  estimated\n  cost {\n    amount\n    currency\n    estimated\n  }\n}\n\nfragment JobSummary on Job {\n  id\n  origin\n  name\n  schedule\n  timezone\n  state\n  enabled\n  error\n  nextRunAt\n  lastRun {\n    id\n    status\n    startedAt\n  }\n}\n\nfragment ShownJobRun on JobRun {\n  id\n  trigger\n  status\n  scheduledFor\n  startedAt\n  finishedAt\n  output\n  error\n  session {\n    id\n  }\n  usage {\n    ...ShownUsage\n  }\n}\n\nfragment JobSettings on Job {\n  id\n  origin\n  name\n  prompt\n  schedule\n  timezone\n  model\n  effort\n  instructions\n  repeatLimit\n  budget {\n    tokens\n    cost\n  }\n  nextRuns(first: 5)\n  profile {\n    name\n  }\n}\n\nquery JobList($profile: String) {\n  jobs(profile: $profile) {\n    ...JobSummary\n  }\n}\n\nquery JobDetail($id: ID!) {\n  job(id: $id) {\n    ...JobSummary\n    ...JobSettings\n    completedRuns\n    skippedRuns\n  }\n}\n\nquery JobRuns($id: ID!, $first: Int!) {\n  job(id: $id) {\n    runs(first: $first) {\n      edges {\n        node {\n          ...ShownJobRun\n        }\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n}\n\nquery JobToEdit($id: ID!) {\n  job(id: $id) {\n    ...JobSettings\n  }\n}\n\nquery JobFormChoices($profile: String) {\n  profiles {\n    name\n  }\n  models(profile: $profile) {\n    qualifiedName\n    isDefault\n    efforts\n  }\n}\n\nquery SchedulePreview($schedule: String!, $timezone: String) {\n  schedulePreview(schedule: $schedule, timezone: $timezone)\n}\n\nquery JobUsage($profile: String) {\n  usage(profile: $profile, groupBy: JOB, first: 1000) {\n    group\n    usage {\n      ...ShownUsage\n    }\n  }\n}\n\nsubscription JobRunChanges($profile: String, $jobId: ID, $finishedSince: DateTime) {\n  jobRuns(profile: $profile, jobId: $jobId, finishedSince: $finishedSince) {\n    id\n    status\n  }\n}\n\nmutation CreateJob($input: CreateJobInput!) {\n  createJob(input: $input) {\n    id\n  }\n}\n\nmutation UpdateJob($id: ID!, $input: UpdateJobInput!) {\n  updateJob(id: $id, input: $input) {\n    ...JobSummary\n  }\n}\n\nmutation RunJob($id: ID!) {\n  runJob(id: $id) {\n    alreadyRunning\n  }\n}\n\nmutation DeleteJob($id: ID!) {\n  deleteJob(id: $id)\n}": typeof types.ShownUsageFragmentDoc,
    "query ProfileCount($profile: String!) {\n  conversationCounts(filter: {profile: $profile, archived: false}) {\n    total\n  }\n}": typeof types.ProfileCountDocument,
    "query ProfileNames {\n  profiles {\n    name\n  }\n}": typeof types.ProfileNamesDocument,
    "query ProfileOfSession($id: ID!) {\n  session(id: $id) {\n    profile {\n      name\n    }\n  }\n}": typeof types.ProfileOfSessionDocument,
    "query SearchChats($query: String!, $filter: SessionFilter, $after: String) {\n  search(query: $query, filter: $filter, first: 50, after: $after) {\n    edges {\n      node {\n        snippet\n        message {\n          id\n          createdAt\n        }\n        session {\n          id\n          title\n          lastActivityAt\n          conversation {\n            id\n            title\n          }\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": typeof types.SearchChatsDocument,
    "query ChatCounts($byChannel: SessionFilter!, $byOrigin: SessionFilter!, $archived: SessionFilter!) {\n  byChannel: conversationCounts(filter: $byChannel) {\n    channels {\n      channel\n      count\n    }\n  }\n  byOrigin: conversationCounts(filter: $byOrigin) {\n    total\n    origins {\n      origin\n      count\n    }\n  }\n  archived: conversationCounts(filter: $archived) {\n    total\n  }\n}": typeof types.ChatCountsDocument,
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
    "fragment ShownUsage on Usage {\n  inputTokens\n  outputTokens\n  cachedInputTokens\n  reasoningTokens\n  estimated\n  cost {\n    amount\n    currency\n    estimated\n  }\n}\n\nfragment JobSummary on Job {\n  id\n  origin\n  name\n  schedule\n  timezone\n  state\n  enabled\n  error\n  nextRunAt\n  lastRun {\n    id\n    status\n    startedAt\n  }\n}\n\nfragment ShownJobRun on JobRun {\n  id\n  trigger\n  status\n  scheduledFor\n  startedAt\n  finishedAt\n  output\n  error\n  session {\n    id\n  }\n  usage {\n    ...ShownUsage\n  }\n}\n\nfragment JobSettings on Job {\n  id\n  origin\n  name\n  prompt\n  schedule\n  timezone\n  model\n  effort\n  instructions\n  repeatLimit\n  budget {\n    tokens\n    cost\n  }\n  nextRuns(first: 5)\n  profile {\n    name\n  }\n}\n\nquery JobList($profile: String) {\n  jobs(profile: $profile) {\n    ...JobSummary\n  }\n}\n\nquery JobDetail($id: ID!) {\n  job(id: $id) {\n    ...JobSummary\n    ...JobSettings\n    completedRuns\n    skippedRuns\n  }\n}\n\nquery JobRuns($id: ID!, $first: Int!) {\n  job(id: $id) {\n    runs(first: $first) {\n      edges {\n        node {\n          ...ShownJobRun\n        }\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n}\n\nquery JobToEdit($id: ID!) {\n  job(id: $id) {\n    ...JobSettings\n  }\n}\n\nquery JobFormChoices($profile: String) {\n  profiles {\n    name\n  }\n  models(profile: $profile) {\n    qualifiedName\n    isDefault\n    efforts\n  }\n}\n\nquery SchedulePreview($schedule: String!, $timezone: String) {\n  schedulePreview(schedule: $schedule, timezone: $timezone)\n}\n\nquery JobUsage($profile: String) {\n  usage(profile: $profile, groupBy: JOB, first: 1000) {\n    group\n    usage {\n      ...ShownUsage\n    }\n  }\n}\n\nsubscription JobRunChanges($profile: String, $jobId: ID, $finishedSince: DateTime) {\n  jobRuns(profile: $profile, jobId: $jobId, finishedSince: $finishedSince) {\n    id\n    status\n  }\n}\n\nmutation CreateJob($input: CreateJobInput!) {\n  createJob(input: $input) {\n    id\n  }\n}\n\nmutation UpdateJob($id: ID!, $input: UpdateJobInput!) {\n  updateJob(id: $id, input: $input) {\n    ...JobSummary\n  }\n}\n\nmutation RunJob($id: ID!) {\n  runJob(id: $id) {\n    alreadyRunning\n  }\n}\n\nmutation DeleteJob($id: ID!) {\n  deleteJob(id: $id)\n}": types.ShownUsageFragmentDoc,
    "query ProfileCount($profile: String!) {\n  conversationCounts(filter: {profile: $profile, archived: false}) {\n    total\n  }\n}": types.ProfileCountDocument,
    "query ProfileNames {\n  profiles {\n    name\n  }\n}": types.ProfileNamesDocument,
    "query ProfileOfSession($id: ID!) {\n  session(id: $id) {\n    profile {\n      name\n    }\n  }\n}": types.ProfileOfSessionDocument,
    "query SearchChats($query: String!, $filter: SessionFilter, $after: String) {\n  search(query: $query, filter: $filter, first: 50, after: $after) {\n    edges {\n      node {\n        snippet\n        message {\n          id\n          createdAt\n        }\n        session {\n          id\n          title\n          lastActivityAt\n          conversation {\n            id\n            title\n          }\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": types.SearchChatsDocument,
    "query ChatCounts($byChannel: SessionFilter!, $byOrigin: SessionFilter!, $archived: SessionFilter!) {\n  byChannel: conversationCounts(filter: $byChannel) {\n    channels {\n      channel\n      count\n    }\n  }\n  byOrigin: conversationCounts(filter: $byOrigin) {\n    total\n    origins {\n      origin\n      count\n    }\n  }\n  archived: conversationCounts(filter: $archived) {\n    total\n  }\n}": types.ChatCountsDocument,
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
export function graphql(source: "fragment ShownUsage on Usage {\n  inputTokens\n  outputTokens\n  cachedInputTokens\n  reasoningTokens\n  estimated\n  cost {\n    amount\n    currency\n    estimated\n  }\n}\n\nfragment JobSummary on Job {\n  id\n  origin\n  name\n  schedule\n  timezone\n  state\n  enabled\n  error\n  nextRunAt\n  lastRun {\n    id\n    status\n    startedAt\n  }\n}\n\nfragment ShownJobRun on JobRun {\n  id\n  trigger\n  status\n  scheduledFor\n  startedAt\n  finishedAt\n  output\n  error\n  session {\n    id\n  }\n  usage {\n    ...ShownUsage\n  }\n}\n\nfragment JobSettings on Job {\n  id\n  origin\n  name\n  prompt\n  schedule\n  timezone\n  model\n  effort\n  instructions\n  repeatLimit\n  budget {\n    tokens\n    cost\n  }\n  nextRuns(first: 5)\n  profile {\n    name\n  }\n}\n\nquery JobList($profile: String) {\n  jobs(profile: $profile) {\n    ...JobSummary\n  }\n}\n\nquery JobDetail($id: ID!) {\n  job(id: $id) {\n    ...JobSummary\n    ...JobSettings\n    completedRuns\n    skippedRuns\n  }\n}\n\nquery JobRuns($id: ID!, $first: Int!) {\n  job(id: $id) {\n    runs(first: $first) {\n      edges {\n        node {\n          ...ShownJobRun\n        }\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n}\n\nquery JobToEdit($id: ID!) {\n  job(id: $id) {\n    ...JobSettings\n  }\n}\n\nquery JobFormChoices($profile: String) {\n  profiles {\n    name\n  }\n  models(profile: $profile) {\n    qualifiedName\n    isDefault\n    efforts\n  }\n}\n\nquery SchedulePreview($schedule: String!, $timezone: String) {\n  schedulePreview(schedule: $schedule, timezone: $timezone)\n}\n\nquery JobUsage($profile: String) {\n  usage(profile: $profile, groupBy: JOB, first: 1000) {\n    group\n    usage {\n      ...ShownUsage\n    }\n  }\n}\n\nsubscription JobRunChanges($profile: String, $jobId: ID, $finishedSince: DateTime) {\n  jobRuns(profile: $profile, jobId: $jobId, finishedSince: $finishedSince) {\n    id\n    status\n  }\n}\n\nmutation CreateJob($input: CreateJobInput!) {\n  createJob(input: $input) {\n    id\n  }\n}\n\nmutation UpdateJob($id: ID!, $input: UpdateJobInput!) {\n  updateJob(id: $id, input: $input) {\n    ...JobSummary\n  }\n}\n\nmutation RunJob($id: ID!) {\n  runJob(id: $id) {\n    alreadyRunning\n  }\n}\n\nmutation DeleteJob($id: ID!) {\n  deleteJob(id: $id)\n}"): typeof import('./graphql.ts').ShownUsageFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ProfileCount($profile: String!) {\n  conversationCounts(filter: {profile: $profile, archived: false}) {\n    total\n  }\n}"): typeof import('./graphql.ts').ProfileCountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ProfileNames {\n  profiles {\n    name\n  }\n}"): typeof import('./graphql.ts').ProfileNamesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ProfileOfSession($id: ID!) {\n  session(id: $id) {\n    profile {\n      name\n    }\n  }\n}"): typeof import('./graphql.ts').ProfileOfSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query SearchChats($query: String!, $filter: SessionFilter, $after: String) {\n  search(query: $query, filter: $filter, first: 50, after: $after) {\n    edges {\n      node {\n        snippet\n        message {\n          id\n          createdAt\n        }\n        session {\n          id\n          title\n          lastActivityAt\n          conversation {\n            id\n            title\n          }\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"): typeof import('./graphql.ts').SearchChatsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ChatCounts($byChannel: SessionFilter!, $byOrigin: SessionFilter!, $archived: SessionFilter!) {\n  byChannel: conversationCounts(filter: $byChannel) {\n    channels {\n      channel\n      count\n    }\n  }\n  byOrigin: conversationCounts(filter: $byOrigin) {\n    total\n    origins {\n      origin\n      count\n    }\n  }\n  archived: conversationCounts(filter: $archived) {\n    total\n  }\n}"): typeof import('./graphql.ts').ChatCountsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ChatSegments($id: ID!, $skip: Int!) {\n  conversation(id: $id) {\n    segments(first: 50, skip: $skip) {\n      id\n      title\n      source\n      channel\n      startedAt\n      messageCount\n      messages(first: 1) {\n        edges {\n          node {\n            id\n          }\n        }\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').ChatSegmentsDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
