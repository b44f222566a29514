// Names in the data folder that more than one file needs.

export const databaseFile = "roomline.db";
export const lockFile = "roomline.lock";
export const keyFile = "session.key";
