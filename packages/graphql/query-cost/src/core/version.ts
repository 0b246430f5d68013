/**
 * The version of the rules by which operations are priced. It rises whenever any operation gets another price from the
 * same schema and options, in a major or minor release and never in a patch, so that reports and limits of one version
 * are comparable. A test pins the prices of each version.
 */
export const COST_MODEL = 2
