import { admin, createHeaders, fuzzProfiles, markers } from './fuzz-callers.ts'

const mutation = `mutation Plant($text: String!, $profile: String!) {
  startChat(input: { text: $text, profile: $profile }) { id session { id } userMessage { id } }
  waiting: startChat(input: { text: "/ask Which one? | red | blue", profile: $profile }) { id session { id } }
  createJob(input: { name: $text, prompt: $text, schedule: "every 2h", profile: $profile }) { id }
}`
const rename = `mutation Rename($id: ID!, $text: String!) {
  updateSession(id: $id, input: { title: $text }) { id title }
}`

/** What `plantMarkers` sends. */
export const plantDocuments: readonly string[] = [mutation, rename]

/** Writes the marker of each profile into a chat, its title and a job. Returns the responses, whose ids callers may try. */
export async function plantMarkers(url: string): Promise<string[]> {
  const send = async (query: string, variables: object): Promise<string> => {
    const headers = { ...createHeaders(admin), 'content-type': 'application/json' }
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
    })
    return response.text()
  }
  const responses: string[] = []
  for (const profile of fuzzProfiles) {
    const text = `Remember the ${markers[profile]}.`
    const planted = await send(mutation, { text, profile })
    const id = /"session":\{"id":"([^"]+)"/.exec(planted)?.[1]
    responses.push(planted, id === undefined ? '' : await send(rename, { id, text }))
  }
  return responses
}
