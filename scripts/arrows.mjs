#!/usr/bin/env node
/** Fails when a package imports what the table of the house does not allow. */
import { checkArrows } from './checks/arrows.mjs'
import { houses } from './checks/files.mjs'
import { verdict } from './checks/verdict.mjs'

verdict(checkArrows(houses()), `${houses().length} packages keep to the arrows`)
