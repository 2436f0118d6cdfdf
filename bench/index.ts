import './run.js'
