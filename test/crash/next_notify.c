/* Next notify: the same decisions in another generation. */
#include "svc-notify/notify_service.h"
#include "test/kafka/next.h"

int main(int argc, char **argv)
{
    return next_main(argc, argv, &notify_service, NULL);
}
