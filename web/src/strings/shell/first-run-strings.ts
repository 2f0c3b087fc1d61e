/** The texts of a new chat while there is no model. */
export const firstRunStrings = {
  suggestions: {
    title: 'Things to try',
    talk: 'Talk',
    talkText: 'I am happy today.',
    tool: 'Approve a tool',
    question: 'Answer a question',
    questionText: 'Which colour? | red | blue',
    form: 'Fill in a form',
    formText: 'Where to? | city | class: first, second',
    image: 'Draw a picture',
    imageText: 'a rose',
  },
  setup: {
    title: 'The offline agent answers. Add a model',
    offline:
      'No model was found. Until there is one, the built-in offline agent answers: it needs no key and no network, and shows all that a chat can do.',
    lookedFor: 'What was looked for',
    places: [
      { name: 'OpenAI', text: 'OPENAI_API_KEY is not set.' },
      { name: 'Anthropic', text: 'ANTHROPIC_API_KEY is not set.' },
      { name: 'Ollama', text: 'Does not answer on this machine.' },
      { name: 'config.json', text: 'Names no providers.' },
    ],
    hermes: 'Hermes',
    hermesStates: {
      FOUND: 'Its chats are in the list.',
      NOT_FOUND: 'There is none on this machine yet. Its chats are shown as soon as there is one.',
      DISABLED: 'It is turned off in the configuration.',
      UNREADABLE: 'Its database cannot be read.',
      UNREACHABLE: 'The server that reads it is gone.',
    },
    addModel: 'Add a model',
    provider: 'Provider',
    ownServer: 'A server of yours',
    file: 'Lines for config.json',
    copy: 'Copy the lines',
    added:
      'Put these lines into config.json in the home of Segue, which is ~/.segue unless you have chosen another. This page notices it by itself. A key that is set in the environment needs a restart of Segue.',
  },
} as const
