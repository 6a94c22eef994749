// Package httpdev is the driver of devices that are read and told over HTTP: with GET, and with POST, PUT and the like, mostly in JSON.
//
// # Address
//
//	key                  default  meaning
//	url                           where the device is: http:// or https://, a host, and what all its paths begin with. Needed
//	header.NAME                   a header of every request
//	secret.NAME                   a header of every request that is a secret, such as X-Api-Key: file:/path or env:NAME
//	username, password            who we are; the password as file:/path or env:NAME
//	auth                 basic    how that is said: basic, or digest (RFC 7616, with MD5, SHA-256 and SHA-512/256, and qop auth)
//	token                         for bearer authentication, as file:/path or env:NAME
//	ca                            file with the authorities that may vouch for the device; without it those of the system
//	pin                           SHA-256 of the device's certificate in hexadecimal, as openssl x509 -fingerprint -sha256 shows it. It
//	                              stands for every other check: for devices that sign for themselves
//	cert, key                     our own certificate and its key, as file:/path or env:NAME
//	timeout              5s       how long a read may take; a write takes as long as its command may
//	most                 1048576  how many bytes a document may have, up to 16777216
//	done                          statuses besides 2xx that say that a write was done: 303
//	refused                       statuses besides 4xx that say that it was not: 501,503
//	done_json                     for devices that always answer 200: a JSONPath that selects something in the answer to a write that was
//	                              done, such as $[?@.success]; where it selects nothing, the outcome is unknown
//	refused_json                  one that selects something in the answer to a write that was refused, such as $..error
//
// # Resources
//
//	key           default  meaning
//	path                   what comes after url to read it: /status, ?what=power; without it url itself
//	write_path    path     likewise, to write it. {value} in it stands for the value, escaped; the request then has no body
//	write_method  POST     GET, POST, PUT or PATCH; GET only with {value} in the path
//	content_type           of what is written; application/json where write begins as JSON does, else text/plain
//
// and what package payload reads: json, absent, true, false, bytes, scale, offset, time, time_format, write.
//
//	protocol: {path: /status, json: $.relays[0].on, write_path: "/relay/0?turn={value}", write_method: GET, "true": on, "false": off}
//	protocol: {path: /api/state, json: $.level, write_method: PUT, write: '{"level": {value}}'}
//
// Resources with the same path are read with one request.
//
// # Commands
//
// A command of the profile without steps is one request. Which one is said in the address, with the command's name:
//
//	command.NAME.path              what comes after url; {argument} in it stands for an argument, escaped. Needed
//	command.NAME.method   POST     GET, POST, PUT or PATCH; GET without a payload only
//	command.NAME.payload           a template that names its arguments; without it a JSON object of all that the path does not name, or nothing
//	                               if there are none
//	command.NAME.content_type      as for resources
//
// # Answers
//
// What a write's status says:
//
//	2xx, and done                 done
//	4xx, and refused              ErrRefused: the device did nothing; not so 408 and 499, which are words of somebody in between
//	all else                      unknown: 5xx, and 3xx, since redirects of writes are not followed
//
// No status is unknown, too: the connection was cut, the time was over, or what came was no HTTP. ErrNotSent means that no byte of
// the request was given to the kernel: the device could not be reached, or did not prove who it is.
//
// A read that has no 2xx is a reading of BAD quality with the status as its code; a poll fails where nothing answers. After the
// first read that gets no answer at all the rest of a poll is BAD without being asked for, and what was not answered comes last from then on.
// Opening fails with 401 and 403, too. Redirects of reads are followed three times, and only at the same host.
//
// # Promises
//
//   - A write is sent once, with one exception: with digest authentication, a device that knows no valid answer to a challenge of its own
//     refuses it with 401 and a challenge, before it does anything. It is then sent once more, with the answer, and if that is refused
//     too it is refused. Mostly this does not happen: a challenge is answered with all requests until another one comes, and
//     there was one when the session was opened, if anything is read. With auth=basic a 401 is the end.
//   - The HTTP library sends a GET, or what has an Idempotency-Key, again when a connection that it kept turns out to
//     be dead; so writes have a connection of their own each, that is never kept.
//   - Contexts are kept, documents are bounded, and no secret is shown in an error, also not by a device that repeats it.
//   - Proxies of the gateway's environment are not used, nor is HTTP/2.
//
// # What is not promised
//
// Values of one document belong together; those of different ones are read one after the other. Without done_json and refused_json, a
// device that answers 200 and tells of a failure in the body is taken by its status. Digest authentication proves who we are, and not what is
// written: bodies are not in it (qop auth-int), and who sits in between can change them. Take https where that matters.
//
// # Concurrency
//
// A [Driver] may be used by any number of goroutines. A session keeps connections for reads, whose goroutines end with it.
package httpdev
