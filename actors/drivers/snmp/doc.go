// Package snmp is the driver of devices that have an SNMP agent: network gear, power supplies, printers, hosts.
//
// # Address
//
//	key               default  meaning
//	agent                      host or host:port of the agent; the port is 161 without. Needed
//	version           2c       1, 2c or 3
//	community         public   of versions 1 and 2c: a secret, as file:/path or env:NAME
//	write_community            likewise, for writing; the same without
//	user                       of version 3. Needed there
//	auth              none     MD5, SHA, SHA224, SHA256, SHA384 or SHA512
//	auth_password              a secret
//	privacy           none     DES, AES, AES192, AES256, and as Cisco extends short keys: AES192C, AES256C
//	privacy_password           a secret
//	context                    of version 3
//	reply             1s       how long an answer may take
//	retries           1        how often is asked again where none comes, 0 to 10. Nothing is ever written again
//	most              20       how many objects are asked for at once, 1 to 128; an agent to which that is too much gets fewer
//	traps                      address and port of this gateway at which the device's traps and informs arrive: 0.0.0.0:162
//	trap_community             of versions 1 and 2c: a secret; community without
//
// Devices that name the same traps share it. Who listens beyond this machine needs a community of the device's own, which is
// another word than public wherever it is written, or a user with auth.
//
// # Resources
//
// What a resource is shows in the entries of its protocol:
//
//	key     default  meaning
//	oid              the object with its instance, in numbers: 1.3.6.1.2.1.1.3.0. Needed
//	source  both     get: it is asked for. trap: it comes only with traps and informs. both: either
//	type             what it is at the agent when it is written: integer, unsigned, ticks, counter, counter64, float, double,
//	                 octets, hex, oid, ip. Without it a UINT is unsigned, STRING and BYTES are octets, and all else is integer.
//	                 A STRING that is hex is also read as such
//	scale   1        a DOUBLE is what is read, times scale,
//	offset  0        plus offset
//	words            of a STRING: what numbers, or object identifiers, are called: 1=unknown, 2=normal, 3=low
//	true    1        of a BOOL: which number is true,
//	false   2        and which is false; another one is a reading of BAD quality
//	bit              of a BOOL: which bit of a number, counted from the lowest, or of BITS, counted from the first. It cannot be written
//
// What is read shows its type itself: integers, counters of 32 and 64 bits, ticks (hundredths of a second), floating numbers in Opaque, and
// numbers written as text are all numbers. Text that is no UTF-8 is a reading of BAD quality; let it be BYTES, or hex.
//
// A resource whose object is in a trap is read from it. The trap's own name is the object 1.3.6.1.6.3.1.1.4.1.0, also of a trap of version 1.
//
// # Promises
//
//   - A SET is sent once: not by this driver and not by the library below it a second time, whatever the agent answers or does not.
//     ErrNotSent means that not a byte of it was given to the kernel. ErrRefused means that the agent said no before it did anything: an
//     error status of its first phase, or a report of version 3. genErr, commitFailed, undoFailed and silence are unknown.
//   - An answer counts only if it comes from where the question went to and has the id of this question, or of one of its repetitions. In
//     version 3 it must be authentic, encrypted as the question was, and have the message's id, too. Whatever else arrives is ignored, and
//     does not end the waiting.
//   - An object that the agent does not have is a reading of BAD quality, and costs the others nothing: also in version 1, where it spoils the
//     whole answer and is asked for alone from then on.
//   - Contexts are kept. A panic of the library is an error.
//   - An inform is acknowledged after its readings are stored, by each device that it is of. One that is not comes again, so that a
//     reading may be stored twice. In version 3 the gateway is an engine of its own, which says so and what its clock shows; an inform that is not
//     of now is not taken.
//   - What arrives for traps from somewhere else, with another community or not authentic, or is garbage, changes nothing and is counted
//     ([Driver.Heard]).
//
// # What is not promised
//
// Traps of UDP get lost. A trap that is not an inform is also lost while the gateway is not there. An authentic trap of version 3 that
// somebody recorded is taken again.
//
// A report of version 3 to a SET is believed if it has the message's id, also without proof: an agent that does not know the user has none.
//
// What comes by traps alone is silent most of the time, and so is taken for stale: let the device have a resource that is asked for, such as
// its up time.
//
// A community is as good as a password that is shouted: use version 3 beyond a network of one's own.
//
// An agent that answers from another address than it was asked at is not heard.
//
// # Concurrency
//
// A [Driver] may be used by any number of goroutines, and so may its sessions, each of which has a socket of its own. An address for traps has one
// goroutine, which ends with the last session that has it.
package snmp
