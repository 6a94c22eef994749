// Package opcua is the driver of OPC UA servers over opc.tcp: values that are read in turn or that the server tells of, writes, and methods.
//
// # Address
//
//	key                 default         meaning
//	endpoint                            opc.tcp://host:port/path; port 4840 if there is none. Needed
//	security            None            the policy: None, Basic256Sha256, Aes128_Sha256_RsaOaep or Aes256_Sha256_RsaPss
//	mode                SignAndEncrypt  with security: that, or Sign
//	certificate                         with security: the path of the gateway's certificate, in PEM or DER
//	key                                 with security: where its private RSA key is, in PEM, as file:/path or env:NAME
//	server_certificate                  the path of the certificate that the server must have. Needed with security; without it, it is
//	                                    compared, but nothing proves that the server has its key
//	user                                who logs in; without it, anybody
//	password                            where the user's password is, as file:/path or env:NAME
//	user_certificate                    the path of the certificate of who logs in, in PEM or DER, in place of user and password
//	user_key                            where its private RSA key is, in PEM, as file:/path or env:NAME. It is not sent: it signs what the
//	                                    server sent, for this session
//	clear               false           true: a password may be sent in clear, where the server takes no other
//	read                poll            poll: values are read in turn; monitor: the server tells of changes
//	interval            1s              with monitor: how often the server may tell, 10ms to 1h
//	silence             10              with monitor: after how many intervals without any word of the server the session has failed
//	most                500             how many nodes are read at once; some servers take less
//	object.COMMAND                      of a command without steps: the object that has its method, as a node
//	method.COMMAND                      and the method
//
// # Resources
//
//	key       default   meaning
//	node                ns=2;s=Name, ns=2;i=42, ns=2;g=..., ns=2;b=..., or nsu=URI;s=Name, whose number the server is asked for. Needed
//	index               of an array: which element the resource is
//	sampling  interval  with monitor: how often the server looks at the value, 1ms to 1h
//	type                of a value that is written: Boolean, SByte, Byte, Int16, UInt16, Int32, UInt32, Int64, UInt64, Float, Double,
//	                    String, DateTime, ByteString or LocalizedText. Without it the server is asked
//
// Whole numbers are an INT or a UINT, and all numbers a DOUBLE, where no digit is lost. Texts, names, node ids and times (as RFC 3339) are a
// STRING. Arrays, structures, and numbers that are none are readings of BAD quality. The server's status code is the reading's vendor
// code, and its source timestamp the reading's.
//
// # Commands
//
// A command without steps is a method of the server. Its arguments go by name, and what the method gives back comes by name.
//
// # Promises
//
//   - Contexts are kept. A call ends with its context.
//   - ErrNotSent means that no byte of the action was given to the kernel. ErrRefused means that the server answered with a code that can
//     only mean that it did nothing. All else is unknown: also the codes of a device that failed behind the server. Nothing is sent
//     twice.
//   - A polled session whose connection has ended makes another with the next poll. A monitored one fails.
//   - A monitored session fails when the server says nothing for the silence that the address allows, whatever its connection says of itself;
//     and when a message of it is missing. What the server says has not changed is sent again in time for max_staleness, stale_after and
//     heartbeat, and only while the server says so.
//   - With security the server has the private key of its certificate, or nothing is sent. No password is in an error.
//   - Nothing that a server sends ends the gateway; see package channel.
//
// # What is not promised
//
// Without security all can be read and changed on the way. A password is encrypted all the same, for whoever answers: with server_certificate
// only for who has its key. Users are let in by name and password, and not by certificates of their own.
//
// That a server knows its clients' certificates, or its own end, is its matter: a certificate that is named in the address is trusted by
// itself, also when it has expired.
//
// A server that is killed forgets its subscriptions: what changed while it was away is not told.
//
// # Concurrency
//
// A [Driver] may be used by any number of goroutines. Each session has one connection and three goroutines, which end with Close.
package opcua
