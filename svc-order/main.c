/* The order service as a program. */
#include "order_service.h"

#include <evt/command.h>
#include <evt/main.h>

int main(int argc, char **argv)
{
    evt_program_exit(evt_service_main(argc, argv, &order_service));
}
