// A server of node-opcua with devices 1 to N, each with a number to read and one to write to.
//
//   node opcua_server.js PORT FOLDER N DELAY
//
// It keeps its certificates in FOLDER, and says "ready" once it is. Each write is a line: wrote DEVICE VALUE. Its answer, and all that comes after it,
// then waits for DELAY milliseconds.
"use strict";

const path = require("path");

const modules = process.env.ROOST_NODE_MODULES;
const opcua = require(modules ? path.join(modules, "node-opcua") : "node-opcua");

const { DataType, Variant, StatusCodes } = opcua;
const [port, folder, devices, delay] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4]), Number(process.argv[5])];

function populate(server) {
	const space = server.engine.addressSpace;
	const own = space.registerNamespace("urn:roost:plant"); // ns=2
	const plant = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Plant", nodeId: "s=Plant" });
	const number = (name, value) =>
		own.addVariable({ componentOf: plant, browseName: name, nodeId: "s=" + name, dataType: "UInt32", minimumSamplingInterval: 50, value });
	for (let n = 1; n <= devices; n++) {
		number("Level" + n, { get: () => new Variant({ dataType: DataType.UInt32, value: n }) });
		number("Add" + n, {
			get: () => new Variant({ dataType: DataType.UInt32, value: 0 }),
			set: (v) => {
				console.log("wrote " + n + " " + v.value);
				Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delay);
				return StatusCodes.Good;
			},
		});
	}
}

(async () => {
	const manager = new opcua.OPCUACertificateManager({ rootFolder: path.join(folder, "pki"), automaticallyAcceptUnknownCertificate: true });
	await manager.initialize();
	const server = new opcua.OPCUAServer({
		port, hostname: "127.0.0.1", resourcePath: "/plant", serverCertificateManager: manager, userCertificateManager: manager,
		securityPolicies: [opcua.SecurityPolicy.None], securityModes: [opcua.MessageSecurityMode.None], allowAnonymous: true,
		maxConnectionsPerEndpoint: 100, serverCapabilities: { maxSessions: 100 },
	});
	await server.initialize();
	populate(server);
	await server.start();
	console.log("ready");
})().catch((err) => {
	console.error(err);
	process.exit(1);
});
