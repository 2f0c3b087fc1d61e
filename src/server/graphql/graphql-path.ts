export const graphqlPath = '/graphql'
