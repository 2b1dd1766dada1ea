/** In each process that runs tests: end with the process that runs the run, else a test that hangs lives on with its servers. */
process.once("disconnect", () => process.exit(1));
