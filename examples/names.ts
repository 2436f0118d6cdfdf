// Names by sampling: a model of letters learns a list of names and makes up others.
import { adam, dense, embedding, lstm, sample, sequential } from 'unrolled'

const names =
  `ada adele agnes alba alice alma amelia anna astrid aurora beatrice bella bianca bruna carla
  cecilia celia clara cora dalia daria delia diana dora edith elena elisa ella elsa emilia emma erica esther eva
  fiona flora freda gemma gloria greta hanna helena hilda ida ilona ina inga irene iris isabella ivana jana
  johanna julia karin katia klara lara laura lea lena leona lilia lina linda livia lorena luisa luna lydia
  magda maia mara margot maria marina marta mathilda mila mina mira mona nadia nina nora norma olga olivia
  paula petra pia regina renata rita roberta rosa rosalia ruth sabina sandra sara selma silvia sofia sonia stella
  susanna tamara tanja thea theresa tilda tina ulla ursula valeria vera verena viola wilma xenia yara zelda zora`
    .trim()
    .split(/\s+/)

/** The letters by their ids; 0 stands before and after each name. */
const letters = ['.', ...new Set(names.join(''))]
const ids = names.map((name) => [...name].map((letter) => letters.indexOf(letter)))

// [start:names]
const size = letters.length
const model = sequential([
  embedding({ vocabularySize: size, size: 12 }),
  lstm({ hiddenSize: 64 }),
  dense({ size }),
])
const x = ids.map((name) => [0, ...name])
const y = ids.map((name) => [...name, 0])
const optimizer = adam({ learningRate: 0.01 })
const history = await model.fit({ x, y }, { loss: 'crossEntropy', optimizer, epochs: 40 })

const starts = Array.from({ length: 12 }, () => [0])
const search = sample({ temperature: 0.8, seed: 1 })
const made = await model.generate(starts, { search, endToken: 0, maxSteps: 12 })
for (const { tokens, score } of made) {
  const name = tokens.map((id) => letters[id]).join('')
  console.log(`${name.padEnd(12)} ln P = ${score.toFixed(1)}`)
}

// [end:names]

export { history, letters, made, names }
