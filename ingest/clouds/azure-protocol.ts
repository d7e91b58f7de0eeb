import { isObject, type JsonObject, textOf } from '../formats/log-event.ts';
import { numberIn, objectIn, textIn } from './values.ts';

const TYPES: Readonly<Record<string, string>> = {
  RequestData: 'AppRequests',
  ExceptionData: 'AppExceptions',
  MessageData: 'AppTraces',
};

/** Whether a JSON object is an item as SDKs of Application Insights send it. */
export const isProtocolItem = (value: JsonObject): boolean =>
  isObject(value['data']) && textOf(value['data']['baseType']) in TYPES && isObject(value['data']['baseData']);

/** The same with the names of the columns that it ends up in. Every sample stands for `100 / sampleRate` items. */
export function fromProtocol(item: JsonObject): JsonObject {
  const data = objectIn(item, 'data');
  const base = objectIn(data, 'baseData');
  const tags = objectIn(item, 'tags');
  const exceptions = base['exceptions'];
  const exception = Array.isArray(exceptions) && isObject(exceptions[0]) ? exceptions[0] : {};
  const rate = numberIn(item, 'sampleRate');
  return {
    Type: TYPES[textIn(data, 'baseType')],
    time: item['time'],
    AppRoleName: tags['ai.cloud.role'],
    AppRoleInstance: tags['ai.cloud.roleInstance'],
    AppVersion: tags['ai.application.ver'],
    OperationName: tags['ai.operation.name'] ?? base['name'],
    OperationId: tags['ai.operation.id'],
    ParentId: tags['ai.operation.parentId'],
    Id: base['id'],
    DurationMs: base['duration'],
    Success: base['success'],
    ResultCode: base['responseCode'],
    ItemCount: rate > 0 && rate <= 100 ? 100 / rate : 1,
    SeverityLevel: base['severityLevel'],
    Message: base['message'] ?? exception['message'],
    ExceptionType: exception['typeName'],
    Properties: base['properties'],
  };
}
