// Makes calls with the official SDK, unmodified: node call.js '{"ikey":…, "calls":[["GET","/auth/v2/check",{}]]}'
// Prints the answers as an array. The SDK knows its vendor's CAs only and port 443; the CA is put in their place.
const fs = require('fs')
const https = require('https')
const duo = require('@duosecurity/duo_api')

const order = JSON.parse(process.argv[2])
require('@duosecurity/duo_api/lib/constants').DUO_PINNED_CERT = fs.readFileSync(order.ca)

if (order.undated) {
  const request = https.request
  https.request = (options, callback) => {
    delete options.headers.Date
    return request(options, callback)
  }
}

const client = new duo.Client(order.ikey, order.skey, order.host, order.sig)
const call = ([method, path, params]) =>
  new Promise(resolve => client.jsonApiCall(method, path, params, resolve))

async function main () {
  const answers = []
  for (const one of order.calls) {
    answers.push(await call(one))
  }
  console.log(JSON.stringify(answers))
}

main()
