import { ProfileDatabase } from './src/storage/sqlite/database.ts'
import Database from 'better-sqlite3'
const p='/tmp/bench5/own/segue.db'
const raw=new Database(p); raw.exec('delete from segments; delete from conversations; delete from unplaced; delete from abroad; insert into touched select id from sessions'); raw.close()
const t=performance.now(); new ProfileDatabase(p).close(); console.log(performance.now()-t)
