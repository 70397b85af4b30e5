/** The reference client's place for it; an alias would be taken for a group by `agnes admin grant GROUP`. */
export {default, type AdminResourceTypesResult} from '../resource-types.js'
