// What sending and saving a file have in common: how a transfer is told about and stopped. The two ways are
// upload.ts and download.ts.

export interface Progress {
  readonly direction: "upload" | "download";
  readonly name: string;
  /** Bytes that the server has taken, or that are written here. */
  readonly bytes: number;
  /** Undefined while nobody knows. */
  readonly size: number | undefined;
}

export interface TransferOptions {
  readonly room?: string | undefined;
  /** Stops the transfer and removes what is there of it, on both sides; what it was aborted with is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Stops it, too, but keeps what is there, so that the same transfer goes on from there when it is begun again. */
  readonly suspend?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** How long the server may take to hear that a transfer is stopped. */
export const cancelTimeoutMs = 5_000;

/** How long the server may take to sync a large file when its last byte is there. */
export const finishTimeoutMs = 300_000;
