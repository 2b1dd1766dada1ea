/** Errors that stop a process, named by who must act. Their messages are one line, say what to do, and hold no row's value. */
export class StartFailure extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.exitCode = exitCode;
  }
}

/** A variable, a schema or a privilege is wrong: somebody must change it. Exit code 2. */
export class ConfigurationError extends StartFailure {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 2, options);
  }
}

/** A server is there and does not let us in: somebody must change the login, or what the server asks of it. Exit code 2. */
export class RefusedError extends ConfigurationError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = ConfigurationError.name; // Whoever reads it must act in the same way.
  }
}

/** A server cannot be reached, or is of a version that does not do. Exit code 3. */
export class UnavailableError extends StartFailure {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 3, options);
  }
}
