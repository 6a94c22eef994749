// Package payload turns the bytes that a device sends into samples of its resources, and values into the bytes that it is sent. It is
// for drivers of protocols that carry payloads of any form: MQTT, HTTP, the lines of a program. It is pure.
//
//	codec := payload.Parse(keys.OfResource("mqtt", profile, i), profile.GetResources()[i])
//	samples = codec.Read(samples, payload.Of(bytes), time.Now())
//	bytes, err = codec.Write(value)
//
// # What a resource says
//
//	key          default  meaning
//	json                  where in a JSON document the value is, as a JSONPath of RFC 9535: $.climate.temperature. It must select one
//	                      value. Without it the whole payload is the value, as text; of BYTES as it is
//	absent       bad      what a document is in which the path selects nothing: bad, a reading of BAD quality; or skip, no reading,
//	                      for devices that send what has changed
//	true, false           the words of a BOOL: ON and OFF, 1 and 0. Both or none. Without them true, on and yes are true, and false, off
//	                      and no are false, in any case. JSON's own true and false are read with other words, too
//	bytes                 how BYTES are written as text: base64, or hex. Without it they are base64 in JSON, and elsewhere not text, but
//	                      themselves
//	scale        1        a DOUBLE is what is read, times scale,
//	offset       0        plus offset; what is written is turned back
//	time                  where in the document the device's own time is, as a JSONPath; with json only
//	time_format  rfc3339  how it is written: rfc3339, unix (seconds, with a fraction or without), unix_ms
//	write        {value}  what is written to the resource, with the value in the place of {value}
//
// # What is read
//
// Numbers keep their digits. An INT or a UINT is exact to 64 bits, also as 5.0 and 5e3, and one that is not whole or does not fit is
// none; a DOUBLE is the float64 nearest to what is written. A number may be written as text ("21.5"), and as text also in
// hexadecimal after 0x. A STRING takes JSON text as it is, and any other JSON as its text.
//
// What cannot be read is a sample of BAD quality with DECODE_ERROR, and never an error: one bad value stops nothing beside it. So
// are null, several values at one path, a document with anything behind its end, and one in which objects and arrays lie more than
// 100 deep: what a document costs is bounded, and paths that would cost its square are refused. A time that cannot be read leaves Source zero,
// and the value what it is.
//
// # What is written
//
// A template is text, in which {name} stands for a value: {value} for that of a resource, and {argument} for the argument of a command
// with that name. All other braces are themselves.
//
//	write: '{value}'                             21.5       ON         any text
//	write: 'SET {value}'                         SET 21.5   SET ON
//	write: '{"setpoint": {value}}'               {"setpoint": 21.5}    {"setpoint": "ON"}
//	write: '{"do": "set {value}"}'               {"do": "set 21.5"}
//
// A template that begins as a JSON object or array does must be one, with a value in each place. A value within quotes is then escaped as
// JSON text is; outside of them it is JSON: a number, true or false, text in quotes. A word of a BOOL that is JSON, such as 1, is taken as it is.
//
// In any other template values are plain: numbers, true and false or their words, text as it is. Text and BYTES with control
// characters are refused there, since a line that ends early would be another order to the device; alone, as {value}, anything is sent.
//
// # Concurrency
//
// A [Codec] and a [Template] may be used by any number of goroutines; a [Document] by one.
package payload
