// Package exec is the driver of devices that a program of the user's speaks to. The program may be written in any language: it reads
// questions from its standard input and writes answers to its standard output, both as lines of JSON. One runs for each device, and is
// supervised like any driver.
//
//	for line in sys.stdin:                                   # a whole driver, in Python
//	    ask = json.loads(line)
//	    answer = {"id": ask["id"], "ok": True}
//	    if ask["op"] == "poll":
//	        answer["values"] = {"temperature": 21.5}
//	    print(json.dumps(answer), flush=True)
//
// # Questions
//
// Each is one line, without spaces between its parts, and begins with op and id, so that a shell can take it apart:
//
//	{"op":"open","id":1,"ms":10000,"until":1790000000000,"version":1,"device":"boiler-1","settings":{"port":"7"},
//	    "secrets":{"pin":"1234"},"resources":[{"name":"temperature","type":"double","unit":"Cel","access":"read",
//	    "protocol":{"at":"3"}}],"commands":[{"name":"start","arguments":[{"name":"speed","type":"uint","unit":""}]}]}
//	{"op":"poll","id":2,"ms":5000,"until":1790000005000,"resources":["temperature"]}
//	{"op":"write","id":3,"ms":5000,"until":1790000009000,"resource":"level","value":3,"command_id":"0f3c","epoch":7}
//	{"op":"command","id":4,"ms":5000,"until":1790000012000,"command":"start","arguments":{"speed":900},"command_id":"0f3d","epoch":7}
//
// The first is open. ms is how many milliseconds are left for the answer, and until is when they are over, in milliseconds since 1970 on
// this machine's clock. settings and secrets are from the device's address. There is one question at a time: the next one is
// asked when the last was answered. The end of the input says that the session is closed: the program is to end. Later gateways may
// say more in a question, which a program is to ignore; version grows when it must not.
//
// # Answers
//
// Each names the question's id, and says one of four things:
//
//	{"id":1,"ok":true}                                   it is done; in answer to open also "polls":false, "pushes":true
//	{"id":3,"refused":"the lid is open"}                 the device said no, and did nothing
//	{"id":3,"not_sent":"the port is closed"}             certainly nothing was sent to the device
//	{"id":3,"error":"the device did not answer"}         anything else: of a write, nobody knows whether it was done
//
// To a poll, the answer has the values; of resources that were not asked for they are ignored, and some may be missing. To a write or
// a command it may have what the device answered, by name:
//
//	{"id":2,"values":{"temperature":21.5}}
//	{"id":4,"ok":true,"values":{"speed":880}}
//
// A program is polled, unless it answers open with "polls":false. One that said "pushes":true also sends values by itself, in lines between
// its answers:
//
//	{"push":{"temperature":21.7}}
//
// A value is true or false, a number, a text, or base64 for BYTES; INT and UINT may have all their digits. null says that there is none
// now. Where there is more to say, it is an object, of which all is optional:
//
//	{"value":21.5,"quality":"uncertain","reason":"sensor_fault","code":17,"time":1790000000.25}
//
// quality is good, uncertain or bad; reasons are those of Roost's readings; code is the protocol's own; time is when the device says
// that it sampled, in seconds since 1970.
//
// What the program writes to its standard error goes to the gateway's log, line by line, but no more than 10 lines a second.
//
// # Address
//
//	key          default  meaning
//	program               the program: an absolute path, or a path within a folder that the gateway allows. Needed
//	arg1 arg2 …           its arguments, up to 32. No shell sees them
//	set.NAME              a setting for the program, of any name
//	secret.NAME           a secret for it, as file:/path or env:NAME of the gateway
//	stop         1s       how long it may take to end by itself, at most 3s
//
// The protocol entries of resources are passed on to the program as they are: only it knows what they mean.
//
// # Which programs
//
// Whoever may change the fleet could otherwise run anything on every gateway. So a gateway runs only what the one who started it has allowed
// ([Driver.Allow]), and nothing by default. What lies behind links counts, not what they are called; a program that everybody may write to
// is not run. Allow folders of drivers, and no interpreter: with its arguments it does anything. The program gets of
// the gateway's environment only where programs are, and language, time zone and folders of the user.
//
// # Promises
//
//   - One question at a time: a write is never queued behind a question that has no answer. A program that still owes one is not sent it.
//   - A write whose answer does not come in time ends the program at once, so that it is not carried out late. Its outcome is
//     unknown. A poll whose answer does not come in time fails, and its late answer is thrown away.
//   - A program that breaks these rules is ended, and the error shows the line: what is no JSON object, a line longer than 1 MiB, an
//     unknown key, resource or id, a second answer, an answer that says two things. Secrets that it repeats are not shown.
//   - A session whose program has ended fails the device at once: it is restarted like any other.
//   - Close ends the program: its input is closed; after stop it gets SIGTERM, a second later SIGKILL, with all processes of its group.
//     Under a context that has ended it gets SIGKILL at once. On Linux the kernel kills it when the gateway dies.
//   - Nothing is asked twice.
//
// # What is not promised
//
// What a program does at its device without being asked, nobody can fence: it runs on while its gateway has no lease, until the bus is
// another gateway's. Let it touch the device only when it is asked, and above all one that takes a single session.
//
// A process that the program puts into a session of its own (setsid) is not ended with it. On Windows there are no signals: a program
// that does not end with its input is terminated, and what it started is not. Where there is no Linux, a
// program outlives a gateway that was killed until it next looks at its input.
//
// # Concurrency
//
// A [Driver] may be used by any number of goroutines. A session has three: for the program's end, its answers, and its complaints.
package exec
