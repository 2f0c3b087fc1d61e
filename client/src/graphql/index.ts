export {
  foldTextDelta,
  type GraphQLMessagePart,
  type GraphQLTextDelta,
  type GraphQLTextPart,
} from './fold-text-delta.ts'
