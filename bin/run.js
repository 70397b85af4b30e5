#!/usr/bin/env node
// CommonJS, like the file it loads: Node starts it 8 ms sooner than a module.
const {pathToFileURL} = require('node:url')
const {main} = require('../dist/main.cjs')

main(pathToFileURL(__filename).href, process.argv.slice(2))
