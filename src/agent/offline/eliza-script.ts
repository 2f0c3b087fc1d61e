/**
 * The script of the offline model, for the interpreter in eliza.ts.
 *
 * A pattern is a sequence of elements: a word, `a|b` for alternatives, `@group` for any word of a group, and `*` for any
 * number of words, including none. In a reply, `$3` is the text that the third element matched, with first and second
 * person exchanged.
 */

/** Continues with the rules of another keyword. */
export interface Link {
  readonly link: string
}

/** A reply, or a link, or null to try the next keyword. */
export type Reply = string | Link | null

/** A pattern, and its replies, which are used in turn. */
export type Rule = readonly [pattern: string, ...replies: [Reply, ...Reply[]]]

export interface Keyword {
  /** Words that trigger these rules. The first one is the name for links. With a space in it, only links reach it. */
  readonly words: readonly [string, ...string[]]
  /** Of several keywords in a clause, the one with the highest rank comes first. */
  readonly rank: number
  readonly rules: readonly Rule[]
  /** Creates a remark that is remembered until no other rule matches. */
  readonly memory?: Rule
}

/** Replies for when no keyword matches and no remark is remembered. */
export const neutralReplies: readonly [string, ...string[]] = [
  'I am listening. What comes next?',
  'Say a little more, if you like.',
  'What makes you bring this up now?',
  'Let us stay with that for a moment.',
  'And what was that like for you?',
  'I may have missed your point. Could you put it another way?',
  'Which part of this matters most to you?',
  'There is no hurry. Where would you like to begin?',
]

/** Expanded forms of contractions and archaic words, so that patterns need only one form. */
export const expandedForms: Readonly<Record<string, string>> = {
  "i'm": 'i am',
  im: 'i am',
  ive: 'i have',
  "can't": 'can not',
  cant: 'can not',
  cannot: 'can not',
  "won't": 'will not',
  wont: 'will not',
  "shan't": 'shall not',
  dont: 'do not',
  didnt: 'did not',
  "it's": 'it is',
  "that's": 'that is',
  "what's": 'what is',
  "who's": 'who is',
  "how's": 'how is',
  "let's": 'let us',
  youre: 'you are',
  dreamt: 'dreamed',
  learnt: 'learned',
  wanna: 'want to',
  gonna: 'going to',
  gotta: 'have to',
  u: 'you',
  ur: 'your',
  mom: 'mother',
  mum: 'mother',
  mommy: 'mother',
  mama: 'mother',
  dad: 'father',
  daddy: 'father',
  papa: 'father',
  maybe: 'perhaps',
  recall: 'remember',
}

/** Groups of words, which patterns refer to as `@group`. */
export const wordGroups: Readonly<Record<string, readonly string[]>> = {
  family: [
    'mother',
    'father',
    'sister',
    'brother',
    'wife',
    'husband',
    'son',
    'daughter',
    'child',
    'children',
    'parents',
  ],
  others: [
    'friend',
    'friends',
    'boss',
    'colleague',
    'colleagues',
    'neighbour',
    'neighbor',
    'teacher',
    'boyfriend',
    'girlfriend',
  ],
  want: ['want', 'need', 'wish', 'hope', 'crave'],
  feel: ['feel', 'feeling', 'felt'],
  think: ['think', 'believe', 'suppose', 'guess', 'suspect'],
  low: ['sad', 'unhappy', 'depressed', 'tired', 'lonely', 'lost', 'hurt', 'sick', 'down', 'exhausted', 'miserable'],
  glad: ['happy', 'glad', 'better', 'good', 'fine', 'proud', 'relieved', 'excited'],
  tense: ['afraid', 'scared', 'anxious', 'worried', 'nervous', 'angry', 'furious', 'frightened', 'stressed'],
  machine: ['machine', 'computer', 'robot', 'bot', 'program', 'human', 'person', 'ai', 'real', 'model', 'chatbot'],
  dreams: ['dream', 'dreams', 'dreamed', 'nightmare', 'nightmares'],
  programs: ['computer', 'computers', 'machine', 'machines', 'robot', 'robots', 'program', 'programs', 'ai'],
  verb: [
    'is',
    'are',
    'was',
    'were',
    'has',
    'had',
    'does',
    'did',
    'will',
    'would',
    'can',
    'makes',
    'made',
    'keeps',
    'says',
    'said',
    'wants',
  ],
  made: ['made', 'wrote', 'built', 'created', 'programmed', 'invented'],
}

const link = (to: string): Link => ({ link: to })

export const keywords: readonly Keyword[] = [
  {
    words: ['eliza', 'yourself', 'weizenbaum'],
    rank: 60,
    rules: [
      ['* hello|hi|hey eliza *', link('a greeting')],
      ['* goodbye|bye eliza *', link('leaving now')],
      ['* thanks|you eliza *', link('thanks')],
      [
        '*',
        'I am a small program after ELIZA, which Joseph Weizenbaum wrote at MIT and described in 1966; it was ' +
          'one of the first with which people could hold a conversation in plain English. I understand nothing ' +
          'of what you tell me. I look for a keyword in your words, take the one with the highest rank, and try ' +
          'a few patterns around it. The first that fits cuts your sentence into pieces; I exchange I and you ' +
          'in them, and put them together again in a sentence that was waiting for such pieces. When I find no ' +
          'keyword, I come back to something that you said earlier about what is yours. All of this runs here, ' +
          'offline, with no key, no network and no model, so nothing that you tell me goes anywhere. Now, what ' +
          'made you ask about me?',
        'There is less behind these words than it may seem. In the sixties Joseph Weizenbaum wanted to show ' +
          'how shallow a talk between a person and a machine can be; he called his program ELIZA, after the ' +
          'flower girl who learns to speak like a duchess, and was alarmed when people confided in it. I follow ' +
          'his method. A list of keywords, each with a rank, decides what in your sentence I answer to. Each ' +
          'keyword has patterns with gaps, and whatever of yours falls into a gap comes back to you, turned ' +
          'round, in a reply whose turn it is. The line of reasoning above each of my answers tells which rule ' +
          'it was. I need neither a network nor a key, which makes me good for trying things out, such as ' +
          'stopping me in the middle of a long answer. What would you rather talk about than me?',
      ],
    ],
  },
  {
    words: ['who', 'what', 'how', 'are'],
    rank: 55,
    rules: [
      ['who are you', link('eliza')],
      ['who are you exactly|really|anyway|then *', link('eliza')],
      ['what are you', link('eliza')],
      ['what are you exactly|really|anyway|then|made *', link('eliza')],
      ['* who|what you are', link('eliza')],
      ['* who @made you', link('eliza')],
      ['how do you work *', link('eliza')],
      ['* are you a|an @machine *', link('eliza')],
      ['* are you @machine', link('eliza')],
    ],
  },
  {
    words: ['goodbye', 'bye', 'farewell', 'quit', 'exit'],
    rank: 50,
    rules: [
      ['goodbye|bye|farewell|quit|exit', link('leaving now')],
      ['goodbye|bye|farewell *', link('leaving now')],
      ['* goodbye|bye now|then', link('leaving now')],
    ],
  },
  {
    words: ['leaving now'],
    rank: 0,
    rules: [
      [
        '*',
        'Goodbye. It was good to listen to you.',
        'Farewell, then. What you said here will keep.',
        'Until another time. Take care of yourself.',
      ],
    ],
  },
  {
    words: ['hello', 'hi', 'hey', 'greetings', 'morning', 'evening'],
    rank: 3,
    rules: [
      ['* hello|hi|hey|greetings *', link('a greeting')],
      ['good morning|evening *', link('a greeting')],
    ],
  },
  {
    words: ['a greeting'],
    rank: 0,
    rules: [
      [
        '*',
        'Hello. What is on your mind today?',
        'Hello again. Where shall we begin?',
        'Good to hear from you. What has been going on?',
      ],
    ],
  },
  {
    words: ['thanks', 'thank'],
    rank: 6,
    rules: [['*', 'You are welcome. Is there more that you would like to say?', 'Gladly. What is still open for you?']],
  },
  {
    words: ['sorry', 'apologise', 'apologize'],
    rank: 6,
    rules: [
      [
        '*',
        'Nothing needs forgiving here. Go on.',
        'You need not excuse yourself to me.',
        'What makes an apology seem called for?',
      ],
    ],
  },
  {
    words: ['help'],
    rank: 8,
    rules: [
      [
        '* you help me *',
        'I can listen. What would be the first thing to tell?',
        'Perhaps, if only by asking. What kind of help have you tried?',
      ],
      ['* help me *', link('being helped')],
      ['* need|want help *', link('being helped')],
    ],
  },
  {
    words: ['being helped'],
    rank: 0,
    rules: [
      [
        '*',
        'What would be different if you had that help?',
        'Whom have you asked so far?',
        'Which part of it is too much for one person?',
      ],
    ],
  },
  {
    words: ['remember', 'remembered', 'forget', 'forgot', 'forgotten'],
    rank: 14,
    rules: [
      [
        '* do you remember *',
        'What about $4 should I have kept in mind?',
        'You told me, and it seems to matter. Why $4?',
      ],
      [
        '* i remember|remembered *',
        'What brings $4 back to you just now?',
        'When you look back at $4, what do you see first?',
        'Does it happen often that you think of $4?',
      ],
      [
        '* i forget|forgot|forgotten *',
        'Could there be a reason why $4 slipped away?',
        'What would change if it came back to you?',
      ],
      ['* forget *', 'Is forgetting what you would like best?', null],
    ],
  },
  {
    words: ['dream', 'dreams', 'dreamed', 'nightmare', 'nightmares'],
    rank: 16,
    rules: [
      [
        '* i dreamed of|about *',
        'When you woke, was $5 still with you?',
        'Is $5 on your mind by day, too?',
        'What was $5 like, in the dream?',
      ],
      [
        '* i dreamed *',
        'When you woke, how did you feel?',
        'Is there something in your days that resembles $4?',
        'Who else was there when you dreamed $4?',
      ],
      [
        '* @dreams *',
        'What do you make of your dreams?',
        'Which picture from it stays with you?',
        'Does the same one come back?',
      ],
    ],
  },
  {
    words: ['if'],
    rank: 9,
    rules: [
      [
        '* if * i would|could|might *',
        'And would you $6, even then?',
        'Suppose that it were so. Would it be enough for you to $6?',
        'Without that, can you not $6?',
      ],
      [
        '* if *',
        'How likely does it seem to you that $3?',
        'Suppose that $3. What then?',
        'What would it take for you to find out if $3?',
        'Whom would it concern most if $3?',
      ],
    ],
  },
  {
    words: ['perhaps'],
    rank: 2,
    rules: [
      [
        '*',
        'You leave that open. What speaks against it?',
        'What would make it certain?',
        'On some days perhaps yes, and on others?',
      ],
    ],
  },
  {
    words: ['name', 'names'],
    rank: 12,
    rules: [
      ['* your name *', 'You may call me Eliza, as others did long before. What shall we speak of?', link('eliza')],
      [
        '* my name is *',
        'Pleased to meet you. What brings you here?',
        'And what do people mean when they say that name?',
      ],
      ['*', 'Names matter less here than what happened.', 'Whose name comes to you first?'],
    ],
  },
  {
    words: ['computer', 'computers', 'machine', 'machines', 'robot', 'robots', 'program', 'programs', 'ai'],
    rank: 20,
    rules: [
      [
        '* @programs *',
        'Do such machines make you uneasy?',
        'What should a machine be able to do for you, and what should it never?',
        'Is it me that you have in mind, or machines in general?',
        'What would a person have answered there?',
      ],
    ],
  },
  {
    words: ['am'],
    rank: 1,
    rules: [
      ['am i *', 'What would it mean to you to be $3?', 'Who says that you are $3?', 'Would you like to be $3?'],
      ['* i am *', link('i')],
    ],
  },
  {
    words: ['are'],
    rank: 1,
    rules: [
      [
        '* are you *',
        'Would it make a difference to you if I were $4?',
        'What gives you the thought that I might be $4?',
        'In your eyes, am I $4?',
      ],
      ['* they|we are *', 'Are there some who are not $4?', 'How did it come about, being $4?'],
      ['* are *', 'Could it also be that they are not $3?', 'Since when has it been like this?'],
    ],
  },
  {
    words: ['was', 'were'],
    rank: 3,
    rules: [
      ['was i *', 'What if you were $3?', 'And how do you see it yourself?'],
      [
        '* i was *',
        'And are you still $4?',
        'What do you think of first, from when you were $4?',
        'Who knew then that you were $4?',
      ],
      ['* were you *', 'What would it tell you if I had been $4?', 'Suppose I was $4. What then?'],
      ['*', null],
    ],
  },
  {
    words: ['i'],
    rank: 1,
    rules: [
      [
        '* i @want *',
        'What would you do on the first day with $4?',
        'What stands between you and $4?',
        'For how long have you wanted $4?',
        'And if $4 never came, what would remain?',
      ],
      [
        '* i am * @low *',
        'It is not easy to be $5. Since when is it so?',
        'What might ease it a little, when you are $5?',
        'Who notices when you are $5?',
      ],
      ['* i am * @glad *', 'What has made you $5?', 'Being $5 is worth a closer look. What is in it for you?'],
      [
        '* i am * @tense *',
        'When you are $5, what do you do?',
        'What is the worst that could come of it?',
        'Where does it sit, being $5?',
      ],
      [
        '* i @feel *',
        'At what times do you feel $4?',
        'What went before, when you felt $4?',
        'If feeling $4 had a voice, what would it say?',
      ],
      [
        '* i am *',
        'What is it like, being $4?',
        'How did you come to be $4?',
        'Would those who know you call you $4, too?',
        'What follows for you from being $4?',
      ],
      [
        '* i can not *',
        'What would you need before you could $5?',
        'Have you ever been able to $5?',
        'What if you could $5, tomorrow morning?',
      ],
      [
        '* i do not know *',
        'If you had to guess, what would you say?',
        'Not knowing is a fair place to start. What have you ruled out?',
      ],
      [
        '* i do not *',
        'What keeps you from it?',
        'Was there a time when you did $5?',
        'Does it trouble you that you do not $5?',
      ],
      [
        '* i @think *',
        'What makes you so sure that $4?',
        'Who would contradict you there?',
        'When did you first come to that thought?',
      ],
      ['* i have to *', 'Who says that you have to $5?', 'What happens if you simply do not $5?'],
      [
        '* i have *',
        'How does it sit with you to have $4?',
        'Since when have you had $4?',
        'What would be missing without it?',
      ],
      [
        '* i * you',
        'Might it be somebody else whom you $3?',
        'Between the two of us: what is it that makes you $3 me?',
        'You $3 me. And what do you expect in return?',
      ],
      [
        '*',
        'You speak of yourself there. What is behind it?',
        'Tell me how that came about.',
        'How do you look at that today?',
        'Would you say that to anybody, or only to me?',
      ],
    ],
  },
  {
    words: ['you', 'your'],
    rank: 1,
    rules: [
      [
        '* you are *',
        'What have I said that made me look $4?',
        'Suppose I am $4. Would that be good or bad?',
        'Is there somebody else of whom you would say the same?',
      ],
      [
        '* you * me',
        'What makes you feel that I $3 you?',
        'Who else seems to $3 you?',
        'And if it were true that I $3 you?',
      ],
      ['can you *', link('can')],
      ['could you *', link('can')],
      [
        '* your *',
        'My $3 is hardly what you came for. Or is it?',
        'What would you like my $3 to be?',
        'Why are you curious about my $3?',
      ],
      [
        '*',
        'We were speaking of you rather than of me.',
        'What would you want to hear from me?',
        'You turn to me there. What about yourself?',
      ],
    ],
  },
  {
    words: ['yes', 'yeah', 'yep', 'sure', 'certainly', 'indeed', 'ok', 'okay'],
    rank: 0,
    rules: [
      [
        '*',
        'So it is. What follows from that?',
        'You agree quickly. Is there a but?',
        'All right. And further?',
        'Good. Can you fill that in for me?',
      ],
    ],
  },
  {
    words: ['no', 'nope', 'nothing'],
    rank: 0,
    rules: [
      ['no one *', link('everybody')],
      [
        '*',
        'A clear no. What would a yes have cost?',
        'Not at all, or just not now?',
        'Then what is it instead?',
        'You turn that down. Why?',
      ],
    ],
  },
  {
    words: ['my', 'mine'],
    rank: 4,
    memory: [
      '* my *',
      'There was something earlier: your $3. How do things stand with that?',
      'I still hear what you said before: your $3. Does it belong with this?',
      'Let me come back to an earlier word of yours: your $3. What is unfinished there?',
    ],
    rules: [
      ['* my * @family *', link('family')],
      [
        '* my * @verb *',
        'Your $3 $4 $5. What does that do to you?',
        'Why is it, in your view, that your $3 $4 $5?',
        'So your $3 $4 $5. Was it ever otherwise?',
      ],
      [
        '* my *',
        'What should I know about your $3?',
        'Your $3, you say. Why does that come up?',
        'Who else is concerned by your $3?',
        'When you think of your $3, what comes first?',
      ],
      ['*', 'And what do others call their own?', null],
    ],
  },
  {
    words: [
      'family',
      'mother',
      'father',
      'sister',
      'brother',
      'wife',
      'husband',
      'son',
      'daughter',
      'child',
      'children',
      'parents',
    ],
    rank: 10,
    rules: [
      [
        '* my @family is|was|are|were *',
        'Has your $3 always been $5?',
        'And how is it for you that your $3 $4 $5?',
        'Who else in the family is $5?',
      ],
      [
        '* my @family *',
        'What is the first thing that you remember of your $3?',
        'How would your $3 tell this story?',
        'What did you never say to your $3?',
        'Are you a little like your $3?',
      ],
      [
        '*',
        'What was it like at home?',
        'Families keep many things to themselves. Does yours?',
        'Who was closest to you there?',
      ],
    ],
  },
  {
    words: [
      'friend',
      'friends',
      'boss',
      'colleague',
      'colleagues',
      'neighbour',
      'neighbor',
      'teacher',
      'boyfriend',
      'girlfriend',
    ],
    rank: 7,
    rules: [
      [
        '* my @others *',
        'What would your $3 say if I asked?',
        'When did you last speak openly with your $3?',
        'What do you expect of your $3?',
      ],
      ['*', 'What do you look for in other people?', 'With whom is it different?'],
    ],
  },
  {
    words: ['work', 'job', 'office', 'career', 'deadline'],
    rank: 5,
    rules: [
      [
        '*',
        'What would you be doing if you did not have to work?',
        'What in your work is truly yours?',
        'When the day is done, what do you take home from it?',
        'Who sees how much you do?',
      ],
    ],
  },
  {
    words: ['money', 'debt', 'debts', 'rent'],
    rank: 5,
    rules: [
      [
        '*',
        'What would enough be, for you?',
        'Was there talk of money where you grew up?',
        'What can it not buy here?',
      ],
    ],
  },
  {
    words: ['love', 'loved', 'loves'],
    rank: 8,
    rules: [
      [
        '* i love you *',
        'That is a large word for a small program. To whom would you rather say it?',
        'Thank you. Who else should hear that?',
      ],
      ['* i love *', 'How does $4 know that you do?', 'What has loving $4 taught you?'],
      ['* loves|loved me *', 'How could you tell?', 'Was it a love that you could answer?'],
      ['*', 'What does that word hold for you?', 'Is it easy for you to speak of love?'],
    ],
  },
  {
    words: ['hate', 'hated', 'hates'],
    rank: 8,
    rules: [
      [
        '* i hate you *',
        'That is yours to say. What did I touch on?',
        'You may. Whom would you have said that to, once?',
      ],
      [
        '* i hate *',
        'What did $4 do to earn that?',
        'And underneath the hatred of $4, what is there?',
        'Could you live beside $4 in peace?',
      ],
      ['*', 'That is strong. What was there before it turned into hate?', 'Whom does the hatred hurt most?'],
    ],
  },
  {
    words: ['sleep', 'asleep', 'insomnia', 'awake'],
    rank: 6,
    rules: [
      ['*', 'What goes through your head at night?', 'How do you sleep when all is well?', 'What would let you rest?'],
    ],
  },
  {
    words: ['alone', 'lonely', 'nobody', 'loneliness'],
    rank: 7,
    rules: [
      ['nobody *', 'Not a single one? Who came nearest?', 'What would the first one have to do?'],
      [
        '*',
        'When did you last not feel alone?',
        'Is being alone always the same for you?',
        'Who would come if you called?',
      ],
    ],
  },
  {
    words: ['can', 'could'],
    rank: 2,
    rules: [
      [
        '* can|could you *',
        'What would you do with it if I could $4?',
        'Say that I could $4. Would that settle it?',
        'Who in your life can $4?',
      ],
      [
        '* can|could i *',
        'Whose permission would you need to $4?',
        'Nothing here stops you. Would you really $4?',
        'What makes you ask whether you can $4?',
      ],
      ['*', null],
    ],
  },
  {
    words: ['what', 'how', 'when', 'where', 'who', 'which'],
    rank: 1,
    rules: [
      [
        'how are you *',
        'Always the same, thank you. And how are you, in truth?',
        'I have no days, good or bad. How was yours?',
      ],
      [
        '*',
        'What answer would help you most?',
        'You have surely turned that question over before. What did you find?',
        'What lies behind the question?',
        'Whom else have you asked?',
        'If you knew, what would you do with it?',
      ],
    ],
  },
  {
    words: ['because', 'since'],
    rank: 1,
    rules: [
      [
        '* because *',
        'Would it hold even without that?',
        'If it were not that $3, what would the reason be?',
        'That is one reason. What is the next one?',
      ],
      ['*', null],
    ],
  },
  {
    words: ['why'],
    rank: 2,
    rules: [
      ['* why do not you *', 'Do you wish that I would $6?', 'Perhaps I shall $6, in time. And you?'],
      ['* why can not i *', 'What have you tried so far, to $6?', 'Should it be easy to $6?'],
      ['*', link('what')],
    ],
  },
  {
    words: ['everybody', 'everyone', 'all'],
    rank: 3,
    rules: [
      [
        '* everybody|everyone *',
        'Of whom do you think in particular?',
        'Is there no exception, not one?',
        'Since when does it seem to you like everybody?',
      ],
      ['no one *', 'Whom would you have expected?', 'Really no one, in all this time?'],
      ['*', null],
    ],
  },
  {
    words: ['always', 'never', 'constantly'],
    rank: 2,
    rules: [
      [
        '* always|constantly *',
        'Tell me of one time when it was otherwise.',
        'Always is long. When was the last time?',
        'Who was there the first time?',
      ],
      [
        '* never *',
        'Not once? What came closest?',
        'What would the first time look like?',
        'Would you want it to happen?',
      ],
    ],
  },
  {
    words: ['like', 'same', 'alike', 'similar', 'reminds'],
    rank: 5,
    rules: [
      ['* i like *', 'What is it about $4 that draws you?', 'When did you last have time for $4?'],
      ['* would like *', 'What holds you back from it?', 'And once you had it, what would you like then?'],
      ['* reminds me of *', 'What else belongs with $5?', 'How near do you want $5 to be?'],
      [
        '* like *',
        'Where does the likeness end?',
        'What made you see that the two go together?',
        'How far would you take that comparison?',
      ],
      ['*', 'What is the same in both, for you?', 'And what is different about them?'],
    ],
  },
  {
    words: ['stop', 'silence', 'quiet', 'enough'],
    rank: 4,
    rules: [
      [
        'stop *',
        'I can be still. You may also stop me in the middle of a sentence.',
        'As you wish. What should come instead?',
      ],
      ['*', 'What would be there if it were quiet?', null],
    ],
  },
]
