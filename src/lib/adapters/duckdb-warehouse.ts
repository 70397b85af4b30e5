import type {SessionOptions, Warehouse, WarehouseSession} from '../ports/warehouse.js'

export class DuckDbWarehouse implements Warehouse {
  open(_options: SessionOptions): Promise<WarehouseSession> {
    throw new Error('not written yet')
  }
}
